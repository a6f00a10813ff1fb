import type { TccModuleOptions } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { BulkAudit, type Told } from '../support/faults/bulk-audit.js';
import { BankAudit } from '../support/processes/bank-audit.js';
import { SCENARIOS, type ScenarioName } from '../support/processes/scenarios.js';
import { TcpProxy, type Verdict } from '../support/processes/tcp-proxy.js';

/** How often the connection is lost at each of the writes that decide or take effect; the others: a tenth as often. */
const TIMES = Number(process.env['TCC_LOST_ANSWERS'] ?? 100);
/** Instances of the service: each has one connection on which it decides. */
const INSTANCES = 6;
const LANES = 3;
const SERVICE = 'bank';

describe('a connection that is lost behind a COMMIT', () => {
  let databases: BankDatabases;
  let audit: BankAudit;
  let bulk: BulkAudit;
  const instances: { readonly ledger: TcpProxy; readonly north: TcpProxy; readonly bank: BankApp }[] = [];

  beforeAll(async () => {
    databases = await createBankDatabases();
    // one after the other: TypeORM's synchronize does not stand company
    for (let i = 0; i < INSTANCES; i++) {
      const [ledger, north] = [await TcpProxy.to(databases.ledger.url), await TcpProxy.to(databases.north.url)];
      const options: Partial<TccModuleOptions> = {
        service: SERVICE,
        // Nobody but the deciding instance renews: what it could not settle is due soon.
        lease: '1s',
        retry: { initial: '10ms', cap: '50ms' },
        ledger: { connection: { connectionString: ledger.url } },
      };
      const bank = await startBank({ ...databases, north: { ...databases.north, url: north.url } }, options);
      instances.push({ ledger, north, bank });
    }
    audit = BankAudit.of(databases);
    bulk = new BulkAudit(databases);
  });
  afterEach(() => {
    for (const { ledger, north } of instances) ledger.atCommit = north.atCommit = () => 'pass';
  });
  afterAll(async () => {
    await Promise.all(instances.map(({ bank }) => bank.close()));
    await Promise.all(instances.flatMap(({ ledger, north }) => [ledger.close(), north.close()]));
    await audit?.close();
    await databases?.drop();
  });

  /**
   * Breaks off two of three commits of that statement, by turns while it is on its way (the server never sees it), while
   * the server is at work and when it has answered. @returns how many so far
   */
  function breakOff(where: 'ledger' | 'north', statement: RegExp, times: number): () => number {
    const ways: readonly Verdict[] = ['lose', 'cut', 'hide'];
    let cuts = 0;
    for (const instance of instances) {
      let seen = 0;
      instance[where].atCommit = (statements): Verdict => {
        // the third one, so that none runs out of patience
        if (cuts === times || !statements.some((each) => statement.test(each)) || ++seen % 3 === 0) return 'pass';
        return ways[cuts++ % ways.length]!;
      };
    }
    return () => cuts;
  }

  interface Row {
    readonly what: string;
    readonly where: 'ledger' | 'north';
    readonly statement: RegExp;
    readonly times: number;
    readonly scenario: ScenarioName;
    /** What a caller may hear when the cut is its own. */
    readonly failure?: string;
  }
  const some = Math.ceil(TIMES / 10);

  it.each<Row>([
    { what: 'begin', where: 'ledger', statement: /^tcc-begin-\d/, times: some, scenario: 'confirms' },
    { what: 'begin with a key', where: 'ledger', statement: /^tcc-begin-\d/, times: some, scenario: 'keyed' },
    { what: 'registration', where: 'ledger', statement: /^tcc-register-\d/, times: some, scenario: 'confirms' },
    { what: 'decision to confirm', where: 'ledger', statement: /^tcc-decide-\d/, times: TIMES, scenario: 'confirms' },
    { what: 'decision to cancel', where: 'ledger', statement: /^tcc-decide-\d/, times: TIMES, scenario: 'cancels' },
    { what: 'settlement', where: 'ledger', statement: /^tcc-settle-\d/, times: some, scenario: 'confirms' },
    { what: 'try', where: 'north', statement: /'tried'\) on/, times: TIMES, scenario: 'confirms', failure: 'Error' },
    { what: 'confirm', where: 'north', statement: /set status = 'confirmed'/, times: TIMES, scenario: 'confirms' },
    { what: 'cancel', where: 'north', statement: /'suspended'/, times: TIMES, scenario: 'cancels' },
  ])(
    '$what, $times times: everything ends as its caller was told',
    async ({ what, where, statement, times, scenario, failure }) => {
      // a flush takes the writes of several
      const owners = await bulk.fund(what.replaceAll(' ', '-'), 4 * times + INSTANCES * LANES);
      const unused = owners.values();
      const cuts = breakOff(where, statement, times);
      const told = new Map<string, Told>();
      const oddities: unknown[] = [];
      const lane = async (bank: BankApp): Promise<void> => {
        while (cuts() < times) {
          const { value: owner } = unused.next();
          if (owner === undefined) throw new Error('more owners are needed');
          await SCENARIOS[scenario].run(bank, owner).then(
            () => told.set(owner, 'confirmed'),
            (error: Error) => {
              told.set(owner, 'cancelled');
              const expected = scenario === 'cancels' ? error.message === 'changed its mind' : failure !== undefined;
              if (!expected) oddities.push(error);
            },
          );
        }
      };
      await Promise.all(instances.flatMap(({ bank }) => Array.from({ length: LANES }, () => lane(bank))));
      expect(cuts()).toBe(times);
      expect(oddities).toEqual([]);
      await audit.settled(SERVICE, 20_000);
      expect(await bulk.breaches(owners, told)).toEqual([]);
      // A try whose answer is lost is cancelled, everything else is asked for again until it is answered.
      const cancelled = [...told.values()].filter((each) => each === 'cancelled').length;
      expect(cancelled).toBe(scenario === 'cancels' ? told.size : failure === undefined ? 0 : times);
    },
    180_000,
  );
});
