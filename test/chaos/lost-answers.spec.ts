import type { TccModuleOptions } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { BankAudit, breaches } from '../support/processes/bank-audit.js';
import { AMOUNT, SCENARIOS, type ScenarioName } from '../support/processes/scenarios.js';
import { TcpProxy, type Verdict } from '../support/processes/tcp-proxy.js';

const AT_ONCE = 5;
const SERVICE = 'bank';

describe('a connection that is lost behind a COMMIT', () => {
  let databases: BankDatabases;
  let audit: BankAudit;
  let ledger: TcpProxy;
  let north: TcpProxy;
  let bank: BankApp;
  let owners = 0;

  beforeAll(async () => {
    databases = await createBankDatabases();
    ledger = await TcpProxy.to(databases.ledger.url);
    north = await TcpProxy.to(databases.north.url);
    const options: Partial<TccModuleOptions> = {
      service: SERVICE,
      // Nobody but the deciding instance renews: what it could not settle is due soon.
      lease: '1s',
      retry: { initial: '10ms', cap: '50ms' },
      ledger: { connection: { connectionString: ledger.url } },
    };
    bank = await startBank({ ...databases, north: { ...databases.north, url: north.url } }, options);
    audit = BankAudit.of(databases);
  });
  afterEach(() => {
    ledger.atCommit = north.atCommit = () => 'pass';
  });
  afterAll(async () => {
    await bank?.close();
    await Promise.all([ledger?.close(), north?.close()]);
    await audit?.close();
    await databases?.drop();
  });

  /** Breaks off every other commit of that statement, by turns while the server is at work and when it has answered. */
  function breakOff(proxy: TcpProxy, statement: RegExp, times: number): () => number {
    let seen = 0;
    let cuts = 0;
    proxy.atCommit = (statements): Verdict => {
      if (cuts === times || !statements.some((each) => statement.test(each)) || seen++ % 2 === 1) return 'pass';
      return cuts++ % 2 === 0 ? 'cut' : 'hide';
    };
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

  it.each<Row>([
    { what: 'begin', where: 'ledger', statement: /^tcc-begin-\d/, times: 30, scenario: 'confirms' },
    { what: 'begin with a key', where: 'ledger', statement: /^tcc-begin-\d/, times: 30, scenario: 'keyed' },
    { what: 'registration', where: 'ledger', statement: /^tcc-register-\d/, times: 30, scenario: 'confirms' },
    { what: 'decision to confirm', where: 'ledger', statement: /^tcc-decide-\d/, times: 100, scenario: 'confirms' },
    { what: 'decision to cancel', where: 'ledger', statement: /^tcc-decide-\d/, times: 100, scenario: 'cancels' },
    { what: 'settlement', where: 'ledger', statement: /^tcc-settle-\d/, times: 30, scenario: 'confirms' },
    { what: 'try', where: 'north', statement: /'tried'\) on/, times: 100, scenario: 'confirms', failure: 'Error' },
    { what: 'confirm', where: 'north', statement: /set status = 'confirmed'/, times: 100, scenario: 'confirms' },
    { what: 'cancel', where: 'north', statement: /'suspended'\) on/, times: 100, scenario: 'cancels' },
  ])(
    '$what, $times times: everything ends as its caller was told',
    async ({ where, statement, times, scenario, failure }) => {
      const cuts = breakOff(where === 'ledger' ? ledger : north, statement, times);
      const told = new Map<string, 'confirmed' | 'cancelled'>();
      const oddities: unknown[] = [];
      const lane = async (): Promise<void> => {
        while (cuts() < times) {
          const owner = `owner-${++owners}`;
          await audit.fund(owner, 100);
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
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      expect(cuts()).toBe(times);
      expect(oddities).toEqual([]);
      await audit.settled(SERVICE, 20_000);
      const wrong: string[] = [];
      for (const [owner, expected] of told) {
        const remains = await audit.remains(owner);
        const found = breaches(remains, { amount: AMOUNT, told: expected });
        if (found.length > 0) wrong.push(`${owner}: ${found.join('; ')} ${JSON.stringify(remains)}`);
      }
      expect(wrong).toEqual([]);
      // A try whose answer is lost is cancelled, everything else is asked for again until it is answered.
      const cancelled = [...told.values()].filter((each) => each === 'cancelled').length;
      expect(cancelled).toBe(scenario === 'cancels' ? told.size : failure === undefined ? 0 : times);
    },
  );
});
