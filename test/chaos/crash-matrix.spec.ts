import { FAULT_POINTS, type FaultPoint } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { BankAudit, breaches } from '../support/processes/bank-audit.js';
import { ChildApp } from '../support/processes/child-app.js';
import type { ProcessPlan, Told } from '../support/processes/process-plan.js';
import { AMOUNT, SCENARIOS, type Scenario, type ScenarioName } from '../support/processes/scenarios.js';

/** A process that dies at one occurrence of one step, on one way that a transaction can go. */
interface Row {
  readonly point: FaultPoint;
  readonly nth: number;
  readonly name: ScenarioName;
  readonly owner: string;
}

const ROWS: readonly Row[] = FAULT_POINTS.flatMap((point) =>
  (Object.keys(SCENARIOS) as ScenarioName[]).flatMap((name) =>
    ((SCENARIOS[name] as Scenario).reaches[point] ?? []).map((nth) => ({ point, nth, name })),
  ),
).map((row, index) => ({ ...row, owner: `row-${index}` }));

const CHILDREN_AT_ONCE = 3;
const SURVIVOR = 'survivor';

describe(`a process that is killed at one of ${FAULT_POINTS.length} steps`, () => {
  let databases: BankDatabases;
  let audit: BankAudit;
  let survivor: BankApp;
  const reached = new Set<Row>();
  const told = new Map<Row, Told>();

  async function crash(row: Row): Promise<void> {
    const scenario: Scenario = SCENARIOS[row.name];
    const urls = { ledger: databases.ledger.url, north: databases.north.url, south: databases.south.url };
    // A service of its own: nobody else's recovery may do what this process is to die at.
    const options = { ...scenario.options, service: row.owner } as ProcessPlan['options'] & object;
    const plan = { databases: urls, ...(scenario.behaviour && { behaviour: scenario.behaviour }) };
    if (scenario.orphanedAt !== undefined) {
      const first = ChildApp.start({
        ...plan,
        options: { ...options, recovery: false },
        faults: scenario.orphanedAt,
      });
      await first.said('ready');
      const answer = await first.run(row.name, row.owner);
      if (answer) throw new Error(`the first process did not die: ${JSON.stringify(answer)}`);
    }
    const process = ChildApp.start({ ...plan, options, faults: `${row.point}@${row.nth}:crash` });
    const limit = setTimeout(() => void process.kill(), 15_000);
    if (scenario.orphanedAt === undefined) {
      await process.said('ready');
      const answer = await process.run(row.name, row.owner);
      if (answer) told.set(row, answer);
    }
    await process.exited;
    clearTimeout(limit);
    if (process.reports.some((report) => report.said === 'reached' && report.point === row.point)) reached.add(row);
    else if (process.stderr !== '') throw new Error(process.stderr);
  }

  beforeAll(async () => {
    databases = await createBankDatabases();
    survivor = await startBank(databases, { service: SURVIVOR, timeout: '3s' });
    audit = BankAudit.of(databases);
    await Promise.all(ROWS.map(({ owner, name }) => audit.fund(owner, 100, SCENARIOS[name].south)));
    const rows = ROWS.values();
    const worker = async (): Promise<void> => {
      for (const row of rows) await crash(row);
    };
    await Promise.all(Array.from({ length: CHILDREN_AT_ONCE }, worker));
    // All are dead. From here on the survivor recovers for them.
    await audit.query('update tcc_transaction set service = $1', [SURVIVOR]);
    await audit.settled(SURVIVOR, 20_000);
  }, 240_000);

  afterAll(async () => {
    await ChildApp.killAll();
    await survivor?.close();
    await audit?.close();
    await databases?.drop();
  });

  const nameOf = ({ point, nth, name }: Row): string => `${name}, dead at ${point} #${nth}`;

  it.each(FAULT_POINTS)('%s: every row of the table got there', (point) => {
    const rows = ROWS.filter((row) => row.point === point);
    expect(rows).not.toEqual([]);
    expect(rows.filter((row) => !reached.has(row)).map(nameOf)).toEqual([]);
  });

  it.each(FAULT_POINTS)(
    '%s: nothing is lost, doubled, held or at odds with what the caller was told',
    async (point) => {
      const wrong: string[] = [];
      for (const row of ROWS.filter((each) => each.point === point)) {
        const answer = told.get(row);
        const remains = await audit.remains(row.owner);
        const found = breaches(remains, {
          south: SCENARIOS[row.name].south,
          amount: AMOUNT,
          told: answer && (answer.ok ? 'confirmed' : answer.code === 'TCC_IN_DOUBT' ? 'either' : 'cancelled'),
        });
        if (found.length > 0) wrong.push(`${nameOf(row)}: ${found.join('; ')} ${JSON.stringify({ answer, remains })}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  it('confirms what was decided to be confirmed, and nothing else', async () => {
    // the last step before the decision can be durable, and the first after it
    const fates = { 'ledger.decide.sending': 'cancelled', 'ledger.decide.done': 'confirmed' } as const;
    for (const [point, status] of Object.entries(fates)) {
      for (const row of ROWS.filter(
        (each) => each.point === point && SCENARIOS[each.name].run === SCENARIOS.confirms.run,
      )) {
        const expected = row.name === 'confirms' ? status : 'cancelled';
        expect([nameOf(row), (await audit.remains(row.owner)).transactions[0]?.status]).toEqual([
          nameOf(row),
          expected,
        ]);
      }
    }
  });

  it('gives the result of a confirmed key to whoever asks again, and runs a cancelled one anew', async () => {
    for (const row of ROWS.filter(({ name }) => name === 'keyed')) {
      const before = await audit.remains(row.owner);
      const { xid } = await survivor.transfers.takeOnce(row.owner, row.owner, AMOUNT);
      const [first] = before.transactions;
      expect([nameOf(row), xid === first?.xid]).toEqual([nameOf(row), first?.status === 'confirmed']);
      const after = await audit.remains(row.owner);
      expect([after.north.gone, after.south.gone]).toEqual([AMOUNT, AMOUNT]);
    }
  });
});
