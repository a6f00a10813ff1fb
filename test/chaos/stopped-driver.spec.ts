import { faultHook, FaultPlan } from 'nestjs-tcc-testing';
import { startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { eventually } from '../support/eventually.js';
import { ChildApp } from '../support/processes/child-app.js';
import { asInitiator, isOfDriving, nameOf, POINTS_HERE, stepsToDieAt } from '../support/processes/crash-rows.js';
import { createRoomyDatabases } from '../support/processes/roomy-databases.js';
import { ScenarioAudit, scenarioBreaches } from '../support/processes/scenario-audit.js';
import { scenarioProviders } from '../support/processes/scenario-participants.js';
import type { Scenario, ScenarioName } from '../support/processes/scenarios.js';
import type { Step, WaveApp, WaveRow } from '../support/processes/wave-plan.js';
import { applicationsFor, Waves } from '../support/processes/waves.js';

const SURVIVOR = 'survivor';
const DRIVEN: readonly ScenarioName[] = [
  'confirms',
  'cancels',
  'confirms at a later attempt',
  'cancels at a later attempt',
  'confirms slowly',
  'confirms every kind',
  'cancels every kind',
];

/** They drive, and recover nothing. Postgres frees what a call holds that has stood still for so long. */
const asStopped = (scenario: Scenario): WaveApp['options'] => ({
  ...asInitiator(scenario),
  recovery: false,
  lease: '5s',
  callTimeout: '6s',
});

/** What is written of a transaction, but for the lease, which its driver goes on renewing. */
const WRITTEN = `select t.xid, t.status, t.owner, t.epoch, t.settled_at, t.outcomes,
    (select json_agg(row(b.seq, b.settled_at, b.parked_at, b.attempts, b.postponements, b.due_at) order by b.seq)
     from tcc_branch b where b.xid = t.xid)::text as branches,
    (select count(*) from tcc_attempt a where a.xid = t.xid)::int as attempts
  from tcc_transaction t where t.xid = any($1) order by t.xid`;

/** As the crash matrix, with SIGSTOP in place of SIGKILL: past its lease the process wakes up and goes on as before. */
describe('a driver that stands still at a step, and wakes up when another one has taken over', () => {
  let databases: BankDatabases;
  let audit: ScenarioAudit;
  let survivor: BankApp | undefined;
  let waves: Waves;
  let rows: (WaveRow & { readonly at: Step })[] = [];
  const pauses = new FaultPlan([{ point: 'ledger.settle.sending', action: 'pause' }]);

  beforeAll(async () => {
    databases = await createRoomyDatabases();
    const { ledger, north, south } = databases;
    await (await startBank(databases)).close();
    audit = await ScenarioAudit.of(databases);
    waves = new Waves({ ledger: ledger.url, north: north.url, south: south.url });
    const recorded = DRIVEN.map((scenario): WaveRow => ({ owner: `record ${scenario}`, scenario }));
    await audit.fund(recorded);
    const apps = applicationsFor(recorded, 'record', asInitiator);
    const steps = await waves.record(apps, () => audit.settled(apps.map(({ service }) => service)));
    rows = recorded.flatMap(({ owner, scenario }) =>
      stepsToDieAt(scenario, steps.get(owner)!, 'initiator')
        // nobody recovers in these processes, so that nothing of a second attempt comes
        .filter(({ point, nth }) => isOfDriving(point) && !point.startsWith('ledger.claim.') && nth === 1)
        .filter(({ point, branch }) => {
          if (!scenario.endsWith('later attempt') || point.includes('hand-back')) return true;
          // in sequence, so that in a first drive only the first one fails
          const first = scenario.startsWith('confirms') ? 'north.withdraw' : 'south.withdraw';
          return point.endsWith('rolled-back') && branch === first;
        })
        .map((at, index) => ({ owner: `${scenario} ${index}`, scenario, at })),
    );
    await audit.fund(rows);
  }, 300_000);
  afterAll(async () => {
    pauses.resume();
    await ChildApp.killAll();
    await survivor?.close();
    await audit?.close();
    await databases?.drop();
  });

  const heard = async (): Promise<Map<string, readonly string[]>> =>
    new Map([...(await audit.remains())].map(([owner, left]) => [owner, left.heard]));

  it('at every step of driving: is refused whatever it writes, and does nothing twice', async () => {
    // but for those of a shutdown, and of a claim: both are asked for by an instance that drives nothing
    const points = POINTS_HERE.filter(isOfDriving).filter((point) => !/^ledger\.(claim|release)\./.test(point));
    expect([...new Set(rows.map(({ at }) => at.point))].sort()).toEqual([...points].sort());

    const stopped = await waves.halt('stopped', applicationsFor(rows, 'stopped', asStopped));
    expect(rows.filter(({ owner }) => !waves.reached.get('stopped')!.has(owner)).map(nameOf)).toEqual([]);
    stopped.stop();
    const xids = await audit.xids(rows.map(({ owner }) => owner));
    const open = await audit.unsettled(rows.map((row) => ({ ...row, xid: xids.get(row.owner)! })));
    // all but those that stopped behind their settlement
    expect(open.length).toBeGreaterThanOrEqual(rows.length - DRIVEN.length);
    await audit.query('update tcc_transaction set service = $1', [SURVIVOR]);

    // The other one calls everything and settles nothing yet: a stale settlement would show.
    survivor = await startBank(
      databases,
      { service: SURVIVOR, recovery: { poll: '50ms', concurrency: 200 }, lease: '60s', faults: faultHook(pauses) },
      scenarioProviders(databases.north.url),
    );
    const taken = open.map(({ xid }) => xid);
    await eventually(async () => {
      const remains = await audit.remains();
      for (const { owner, scenario } of open) {
        const left = remains.get(owner)!;
        const as = {
          ...left,
          transactions: left.transactions.map((each) => ({ ...each, status: ended(each.status) })),
        };
        expect([owner, scenarioBreaches(scenario, as, undefined)]).toEqual([owner, []]);
      }
    }, 30_000);
    const before = await audit.query<{ epoch: number; settled_at: Date | null }>(WRITTEN, [taken]);
    expect(before.filter(({ epoch, settled_at }) => epoch < 2 || settled_at !== null)).toEqual([]);
    const heardBefore = await heard();

    stopped.send({ do: 'resume' });
    stopped.go();
    await Promise.all(rows.map(({ owner }) => stopped.said('row told', (report) => report.owner === owner)));
    stopped.send({ do: 'close' });
    await stopped.said('closed');
    expect(stopped.stderr).toBe('');
    expect(await audit.query(WRITTEN, [taken])).toEqual(before);
    // A call without barrier that had passed the look at the lease cannot be held back: those in the group of the
    // branch that stood still before it was called. Of a later group none is called any more.
    const heardAfter = await heard();
    const calledAgain = open.flatMap((row) => {
      const fresh = heardAfter.get(row.owner)!.slice(heardBefore.get(row.owner)!.length);
      const wasOfItsGroup = fresh.every((what) => isLast(row) === (what === 'message'));
      return fresh.length === 0 || (wasOfItsGroup && /\.(opening|sending)$/.test(row.at.point)) ? [] : [nameOf(row)];
    });
    expect(calledAgain).toEqual([]);

    pauses.resume();
    await audit.settled([SURVIVOR]);
    const remains = await audit.remains();
    const wrong = rows.flatMap((row) => {
      const told = stopped.reports.find((report) => report.said === 'row told' && report.owner === row.owner);
      const found = scenarioBreaches(
        row.scenario,
        remains.get(row.owner)!,
        told?.said === 'row told' ? told.told : undefined,
      );
      return found.length === 0 ? [] : [`${nameOf(row)}: ${found.join('; ')}`];
    });
    expect(wrong).toEqual([]);
  }, 120_000);
});

const ended = (status: string): string => ({ confirming: 'confirmed', cancelling: 'cancelled' })[status] ?? status;
/** Messages go when the others have confirmed. */
const isLast = ({ scenario, at }: { readonly scenario: ScenarioName; readonly at: Step }): boolean =>
  scenario.startsWith('confirms') && (at.branch === 'deeds.write' || at.branch === 'carrier.notify');
