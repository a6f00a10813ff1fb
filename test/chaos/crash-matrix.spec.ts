import { startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { ChildApp } from '../support/processes/child-app.js';
import {
  asInitiator,
  asOrphan,
  asRecovery,
  isOfDriving,
  nameOf,
  ORPHANS,
  POINTS_HERE,
  SCENARIO_NAMES,
  stepsToDieAt,
} from '../support/processes/crash-rows.js';
import { createRoomyDatabases } from '../support/processes/roomy-databases.js';
import { ScenarioAudit, scenarioBreaches, type ScenarioRemains } from '../support/processes/scenario-audit.js';
import { scenarioProviders } from '../support/processes/scenario-participants.js';
import { AMOUNT } from '../support/processes/scenarios.js';
import type { Halt, Step, WaveRow } from '../support/processes/wave-plan.js';
import { applicationsFor, Waves } from '../support/processes/waves.js';

const SURVIVOR = 'survivor';
/** One gives its lease away, and in a recording nobody is there to take it. */
const ENDS_ITSELF = (row: WaveRow | undefined): boolean => row?.scenario !== 'is shut down while confirming';

/** A transaction, and the step at which whoever is about it dies. */
interface Row extends WaveRow {
  readonly at: Step;
  /** Whether the decision was durable by then. */
  readonly isDecided: boolean;
  /** Where its initiator had died, when the row is about recovery. */
  readonly orphanedAt?: Halt;
}

/**
 * The steps are not written down here: each scenario is run once, and the steps that it passes are its rows. Then, row
 * by row, a process is killed while its transaction stands at that step.
 */
describe(`a process that is killed at one of ${POINTS_HERE.length} steps`, () => {
  let databases: BankDatabases;
  let audit: ScenarioAudit;
  let survivor: BankApp;
  let waves: Waves;
  let initiators: Row[] = [];
  let recoveries: Row[] = [];
  let remains = new Map<string, ScenarioRemains>();

  async function recordInitiators(): Promise<void> {
    const rows = SCENARIO_NAMES.map((scenario): WaveRow => ({ owner: `record ${scenario}`, scenario }));
    await audit.fund(rows);
    const apps = applicationsFor(rows, 'record', asInitiator);
    const ending = apps.filter(({ rows: [row] }) => ENDS_ITSELF(row));
    const recorded = await waves.record(apps, () => audit.settled(ending.map(({ service }) => service)));
    initiators = rows.flatMap(({ owner, scenario }) => {
      const steps = recorded.get(owner)!;
      const decided = steps.findIndex(({ point }) => point === 'ledger.decide.done');
      return stepsToDieAt(scenario, steps, 'initiator').map((at, index) => ({
        owner: `initiator ${scenario} ${index}`,
        scenario,
        at,
        isDecided: steps.indexOf(at) >= decided,
      }));
    });
  }

  /** Makes transactions whose initiator is dead. @returns the same with their xids */
  async function orphan<R extends WaveRow>(rows: readonly R[], wave: string, diedAt: readonly Halt[]): Promise<R[]> {
    await audit.fund(rows);
    const dying = rows.map(({ owner, scenario }, index): WaveRow => ({ owner, scenario, at: diedAt[index]! }));
    await waves.kill(wave, applicationsFor(dying, wave, asOrphan));
    const xids = await audit.xids(rows.map(({ owner }) => owner));
    return rows.map((row) => ({ ...row, xid: xids.get(row.owner)! }));
  }

  async function assigned(rows: readonly WaveRow[], wave: string): Promise<ReturnType<typeof applicationsFor>> {
    const apps = applicationsFor(rows, wave, asRecovery);
    for (const app of apps)
      await audit.leaveTo(
        app.service,
        app.rows.map(({ xid }) => xid!),
      );
    return apps;
  }

  async function recordRecoveries(): Promise<void> {
    const rows = ORPHANS.map(({ scenario }, index): WaveRow => ({ owner: `orphan ${index}`, scenario }));
    const orphans = await orphan(
      rows,
      'to record',
      ORPHANS.map(({ diedAt }) => diedAt),
    );
    const apps = await assigned(orphans, 'recorded');
    const ending = apps.filter(({ rows: [row] }) => ENDS_ITSELF(row));
    const recorded = await waves.record(apps, () => audit.settled(ending.map(({ service }) => service)));
    recoveries = ORPHANS.flatMap(({ scenario, diedAt }, kind) =>
      stepsToDieAt(scenario, recorded.get(`orphan ${kind}`)!, 'recovery').map((at, index) => ({
        owner: `recovery ${kind} ${index}`,
        scenario,
        at,
        isDecided: diedAt === 'decided',
        orphanedAt: diedAt,
      })),
    );
  }

  async function killInitiators(): Promise<void> {
    await audit.fund(initiators);
    await waves.kill('initiators', applicationsFor(initiators, 'initiators', asInitiator));
  }

  async function killRecoveries(): Promise<void> {
    recoveries = await orphan(
      recoveries,
      'orphans',
      recoveries.map(({ orphanedAt }) => orphanedAt!),
    );
    await waves.kill('first recovery', await assigned(recoveries, 'first'));
    // Whoever died behind the settlement has left nothing to do.
    const open = await audit.unsettled(recoveries);
    const xids = new Map(open.map(({ owner, xid }) => [owner, xid!]));
    await waves.kill('second recovery', await assigned(open, 'second'), (owners) =>
      audit.areSettled(owners.map((owner) => xids.get(owner)!)),
    );
  }

  beforeAll(async () => {
    databases = await createRoomyDatabases();
    const { ledger, north, south } = databases;
    survivor = await startBank(databases, { service: SURVIVOR, timeout: '3s' }, scenarioProviders(north.url));
    audit = await ScenarioAudit.of(databases);
    waves = new Waves({ ledger: ledger.url, north: north.url, south: south.url });
    await Promise.all([recordInitiators(), recordRecoveries()]);
    await Promise.all([killInitiators(), killRecoveries()]);
    // All are dead. From here on the survivor recovers for them.
    await audit.leaveTo(SURVIVOR, 'all');
    await audit.settled([SURVIVOR], 30_000);
    remains = await audit.remains();
  }, 600_000);

  afterAll(async () => {
    await ChildApp.killAll();
    await survivor?.close();
    await audit?.close();
    await databases?.drop();
  });

  const lost = (rows: readonly Row[], wave: string): string[] =>
    rows.filter(({ owner }) => !waves.reached.get(wave)!.has(owner)).map(nameOf);
  const wrong = (rows: readonly Row[]): string[] =>
    rows.flatMap((row) => {
      const left = remains.get(row.owner)!;
      const told = waves.told.get(row.owner);
      const found = scenarioBreaches(row.scenario, left, told);
      return found.length === 0 ? [] : [`${nameOf(row)}: ${found.join('; ')} ${JSON.stringify({ told, left })}`];
    });

  describe.each(POINTS_HERE)('%s', (point) => {
    const of = (rows: readonly Row[]): Row[] => rows.filter(({ at }) => at.point === point);

    it('has rows, and every one of them got there', () => {
      expect([...of(initiators), ...of(recoveries)]).not.toEqual([]);
      expect(lost(of(initiators), 'initiators')).toEqual([]);
      expect(of(recoveries).length > 0).toBe(isOfDriving(point));
      expect(lost(of(recoveries), 'orphans')).toEqual([]);
      expect(lost(of(recoveries), 'first recovery')).toEqual([]);
    });

    it('nothing is lost, doubled, held or at odds with what the caller was told', () => {
      expect(wrong([...of(initiators), ...of(recoveries)])).toEqual([]);
    });
  });

  it('also when the second instance to recover dies where the first one did', () => {
    const twice = recoveries.filter(({ owner }) => waves.reached.get('second recovery')!.has(owner));
    // all but those that the first one had brought behind that step
    for (const point of POINTS_HERE.filter(isOfDriving).filter((each) => each !== 'ledger.settle.done'))
      expect([point, twice.filter(({ at }) => at.point === point).length > 0]).toEqual([point, true]);
    expect(wrong(twice)).toEqual([]);
  });

  it('confirms what was decided to be confirmed, and nothing else', () => {
    const fates = [...initiators, ...recoveries].map((row) => {
      const confirms = row.isDecided && !row.scenario.startsWith('cancels') && row.scenario !== 'second refuses';
      const status = remains.get(row.owner)!.transactions[0]?.status ?? 'cancelled';
      return { row: nameOf(row), status, expected: confirms ? 'confirmed' : 'cancelled' };
    });
    expect(fates.filter(({ status, expected }) => status !== expected)).toEqual([]);
  });

  it('gives the result of a confirmed key to whoever asks again, and runs a cancelled one anew', async () => {
    for (const row of [...initiators, ...recoveries].filter(({ scenario }) => scenario === 'keyed')) {
      const [first] = remains.get(row.owner)!.transactions;
      const { xid } = await survivor.transfers.takeOnce(row.owner, row.owner, AMOUNT);
      expect([nameOf(row), xid === first?.xid]).toEqual([nameOf(row), first?.status === 'confirmed']);
      const after = await survivor.wallets(row.owner);
      expect([after.north.gone, after.south.gone]).toEqual([AMOUNT, AMOUNT]);
    }
  });
});
