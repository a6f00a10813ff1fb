import { TccHealth, type TccModuleOptions } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../../support/bank/bank-app.js';
import { eventually } from '../../support/eventually.js';
import { Gate } from '../../support/gate.js';
import { BankLoad } from '../../support/faults/bank-load.js';
import { BulkAudit } from '../../support/faults/bulk-audit.js';
import { BankAudit } from '../../support/processes/bank-audit.js';
import { TcpProxy, type Direction } from '../../support/processes/tcp-proxy.js';

const LANES = 8;
/** How many connections a bank's DataSource has. */
const POOL = 10;
/** What nobody waits longer for: an initiator's deadline, and the ledger's patience behind it for the decision. */
const LONGEST_MS = 12_000;

/** ReadyForQuery, outside a transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
/** ErrorResponse 57P01. */
const SHUT_DOWN = ((fields: Buffer) => {
  const header = Buffer.from([0x45, 0, 0, 0, 0]);
  header.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([header, fields]);
})(Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'));

describe('a network between application and databases', () => {
  let databases: BankDatabases;
  let audit: BankAudit;
  let bulk: BulkAudit;
  let ledger: TcpProxy;
  let north: TcpProxy;
  let bank: BankApp;
  let load: BankLoad;
  let owners: string[];
  let service: string;
  let tests = 0;

  beforeAll(async () => {
    databases = await createBankDatabases();
    audit = BankAudit.of(databases);
    bulk = new BulkAudit(databases);
    const first = await startBank(databases, { service: 'schema' });
    await first.close();
  });
  beforeEach(async () => {
    ledger = await TcpProxy.to(databases.ledger.url);
    north = await TcpProxy.to(databases.north.url);
    service = `service-${++tests}`;
    owners = await bulk.fund(service, 5_000);
  });
  afterEach(async () => {
    await load?.stop();
    await Promise.all([ledger.close(), north.close()]);
    await bank?.close();
  });
  afterAll(async () => {
    await audit?.close();
    await databases?.drop();
  });

  async function start(options: Partial<TccModuleOptions> = {}, lanes = LANES): Promise<void> {
    bank = await startBank(
      { ...databases, north: { ...databases.north, url: north.url } },
      {
        service,
        ledgerTimeout: '1s',
        lease: '2s',
        timeout: '3s',
        callTimeout: '1s',
        ledger: { connection: { connectionString: ledger.url } },
        ...options,
      },
    );
    load = new BankLoad([bank], owners, lanes);
  }

  /** The load ends; everything is as its callers were told, in time. */
  async function ends(): Promise<void> {
    await load.stop();
    expect(load.longestMs).toBeLessThan(LONGEST_MS);
    await audit.settled(service, 20_000);
    expect(await bulk.breaches(owners, load.told)).toEqual([]);
    await eventually(async () =>
      expect(await bank.app.get(TccHealth).check()).toEqual({ ledger: true, recovery: true }),
    );
  }

  it('answers that are late by 50 to 500 ms', async () => {
    await start({ ledgerTimeout: '5s', timeout: '10s' }, 4);
    ledger.delayMs = north.delayMs = () => 50 + Math.random() * 450;
    expect(await load.progress(4, 40_000)).toBeGreaterThanOrEqual(4);
    ledger.delayMs = north.delayMs = 0;
    await ends();
  });

  const ways: [string, readonly Direction[]][] = [
    ['neither requests nor answers', ['requests', 'answers']],
    ['requests', ['requests']],
    ['answers', ['answers']],
  ];

  it.each(ways)(
    'connections to the ledger that no longer carry %s: callers are told in time, and it goes on',
    async (_, lost) => {
      await start();
      await load.progress(10);
      ledger.forget(...lost);
      expect(await load.progress(10)).toBeGreaterThanOrEqual(10);
      await ends();
    },
  );

  it('some connections to a participant that carry nothing any more: callers are told in time, and it goes on', async () => {
    await start();
    await load.progress(10);
    north.forget('requests', 'answers');
    expect(await load.progress(10)).toBeGreaterThanOrEqual(10);
    await ends();
  });

  it.each([
    ['try', 'inTry'],
    ['confirm', 'inConfirm'],
  ] as const)(
    'every connection of a participant’s pool silently lost within %s: it has others in time',
    async (_, hook) => {
      await start({ timeout: '2s' }, 0);
      const [inside, gate] = [new Set<string>(), new Gate()];
      bank.hooks[hook] = (owner) => {
        // south's phases have connections of their own
        if (inside.has(owner)) return;
        inside.add(owner);
        return gate.pass();
      };
      load = new BankLoad([bank], owners, POOL);
      await eventually(() => expect(inside.size).toBe(POOL));
      north.forget('requests', 'answers');
      gate.open();
      expect(await load.progress(POOL)).toBeGreaterThanOrEqual(POOL);
      await ends();
    },
  );

  it('connections that are refused for a while', async () => {
    await start();
    for (const proxy of [ledger, north]) {
      await load.progress(10);
      proxy.refuse();
      const before = load.answers.length;
      await eventually(() => expect(load.answers.length).toBeGreaterThan(before + LANES));
      proxy.heal();
    }
    expect(await load.progress(10)).toBeGreaterThanOrEqual(10);
    await ends();
  });

  it('connections that die in the middle of an answer', async () => {
    await start();
    let pieces = 0;
    ledger.tear = north.tear = () => ++pieces % 29 === 0;
    await load.progress(30);
    ledger.tear = north.tear = () => false;
    await load.progress(10);
    expect(pieces).toBeGreaterThan(290);
    await ends();
  });

  it('connections that the server ends as it opens them: their tries fail, and the process lives', async () => {
    await start({}, 0);
    north.refuse(); // what is open goes: each try needs a new one
    north.heal();
    let ended = 0;
    north.amend = (piece) => {
      if (!piece.subarray(-6).equals(READY) || ended === 3) return piece;
      ended++;
      return Buffer.concat([piece, SHUT_DOWN]);
    };
    load = new BankLoad([bank], owners, LANES);
    expect(await load.progress(10)).toBeGreaterThanOrEqual(10);
    expect(ended).toBe(3);
    await ends();
  });

  it('a connection on which releases are announced and that is silently lost: it is replaced, and shutdown does not wait for it', async () => {
    await start({}, 0);
    const listening = async (): Promise<number[]> => {
      const sql = `select pid from pg_stat_activity where datname = current_database() and query like 'listen %'`;
      return (await audit.query<{ pid: number }>(sql)).map(({ pid }) => pid);
    };
    const [before] = await listening();
    ledger.forget('requests', 'answers');
    await eventually(async () => expect((await listening()).filter((pid) => pid !== before)).toHaveLength(1), 20_000);
    ledger.forget('requests', 'answers');
    const startedAt = performance.now();
    await bank.close();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
