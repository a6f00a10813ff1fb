import { eventually } from '../../support/eventually.js';
import { useLoadedBank } from '../../support/faults/use-loaded-bank.js';
import { Gate } from '../../support/gate.js';
import { AMOUNT } from '../../support/processes/scenarios.js';

const used = useLoadedBank();

const PLACES = ['ledger', 'north', 'south'] as const;
type Hook = 'inTry' | 'inConfirm' | 'inCancel';

async function setting(place: (typeof PLACES)[number], assignment: string): Promise<void> {
  await used.sql(place, `alter database "${used.databases[place].name}" ${assignment}`);
  await used.endSessions(place);
}
/** Touches an owner's wallet in the phase that is running. */
const touch = (owner: string): Promise<unknown> =>
  used.bank.tcc.branch.manager.query('update wallet set gone = gone where owner = $1', [owner]);
const changesMind = (owner: string): Promise<unknown> =>
  used.bank.tcc
    .run({ name: 'changed-mind' }, async () => {
      await used.bank.transfers.north.withdraw(owner, AMOUNT);
      throw new Error('changed its mind');
    })
    .catch((error: unknown) => error);

afterEach(async () => {
  for (const place of PLACES) await setting(place, 'reset all');
});

describe('wallets that two transactions take in opposite order', () => {
  const deadlocks = async (): Promise<number> => {
    const [row] = await used.sql<{ deadlocks: string }>(
      'north',
      'select pg_stat_clear_snapshot(), deadlocks from pg_stat_database where datname = current_database()',
    );
    return Number(row!.deadlocks);
  };

  it.each<[string, Hook]>([
    ['try', 'inTry'],
    ['confirm', 'inConfirm'],
    ['cancel', 'inCancel'],
  ])('in %s: one of them is given up by Postgres (40P01), runs again, and both end', async (phase, hook) => {
    await used.start({}, { lanes: 0 });
    const [one, other] = used.owners as [string, string];
    const before = await deadlocks();
    const met = new Gate();
    const runs: string[] = [];
    const holding = new Set<string>();
    used.bank.hooks[hook] = async (owner) => {
      if (used.bank.tcc.branch.idempotencyKey.endsWith(':2')) return; // the south has no part in it
      runs.push(owner);
      await touch(owner);
      if (holding.add(owner).size === 2) met.open();
      await met.pass();
      await touch(owner === one ? other : one);
    };
    const call = phase === 'cancel' ? changesMind : (owner: string) => used.bank.transfers.take(owner, AMOUNT);
    await Promise.all([call(one), call(other)]);
    await used.audit.settled(used.service, 20_000);
    expect(runs.length).toBeGreaterThanOrEqual(3);
    await eventually(async () => expect(await deadlocks()).toBeGreaterThan(before));
    const end = phase === 'cancel' ? { balance: 100, held: 0, gone: 0 } : { balance: 90, held: 0, gone: AMOUNT };
    for (const owner of [one, other]) expect((await used.bank.wallets(owner)).north).toEqual(end);
  });
});

describe('business code that Postgres cannot serialise', () => {
  const fail = (code: string): Promise<unknown> =>
    used.bank.tcc.branch.manager.query(`do $$ begin raise exception 'no' using errcode = '${code}'; end $$`);

  it.each(['40001', '40P01'])('in try, each time (%s): three runs, then it is refused', async (code) => {
    await used.start({}, { lanes: 0 });
    const [owner] = used.owners as [string];
    let runs = 0;
    used.bank.hooks.inTry = async () => void (runs++, await fail(code));
    await expect(used.bank.transfers.take(owner, AMOUNT)).rejects.toMatchObject({ driverError: { code } });
    await used.audit.settled(used.service, 20_000);
    expect(runs).toBe(3);
    expect((await used.bank.wallets(owner)).north).toEqual({ balance: 100, held: 0, gone: 0 });
  });

  it.each<['confirm' | 'cancel', Hook]>([
    ['confirm', 'inConfirm'],
    ['cancel', 'inCancel'],
  ])('in %s, seven times (40001): each attempt is three runs, and the third attempt settles', async (phase, hook) => {
    await used.start({}, { lanes: 0 });
    const [owner] = used.owners as [string];
    let runs = 0;
    used.bank.hooks[hook] = async () => {
      if (used.bank.tcc.branch.idempotencyKey.endsWith(':1') && ++runs <= 7) await fail('40001');
    };
    await (phase === 'cancel' ? changesMind(owner) : used.bank.transfers.take(owner, AMOUNT));
    await used.audit.settled(used.service, 20_000);
    expect(runs).toBe(8);
    const attempts = await used.audit.query<{ phase: string; error_code: string }>(
      'select a.phase, a.error_code from tcc_attempt a join tcc_transaction t using (xid) where t.service = $1',
      [used.service],
    );
    expect(attempts).toEqual(Array.from({ length: 2 }, () => ({ phase, error_code: '40001' })));
    expect((await used.bank.wallets(owner)).north.gone).toBe(phase === 'confirm' ? AMOUNT : 0);
  });
});

describe('databases whose transactions are by default', () => {
  it.each(['repeatable read', 'serializable'])('%s: load goes through as ever', async (level) => {
    for (const place of PLACES) await setting(place, `set default_transaction_isolation = '${level}'`);
    await used.start({}, { instances: 2 });
    expect(await used.load.progress(40)).toBeGreaterThanOrEqual(40);
    await used.ends();
    expect(new Set(used.load.answers.map(({ error }) => error?.message))).toEqual(
      new Set([undefined, 'changed its mind']),
    );
  });
});
