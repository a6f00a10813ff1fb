import { type BarrierBench, branch, openBarrierBench, WAYS } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const NAMES = [
  'lock_timeout',
  'synchronous_commit',
  'idle_in_transaction_session_timeout',
  'statement_timeout',
  'transaction_isolation',
  'transaction_read_only',
] as const;
type Settings = Record<(typeof NAMES)[number], string>;

/** The session's setting that one of a transaction comes from. */
const defaultOf = (name: string) => (name.startsWith('transaction_') ? `default_${name}` : name);

/** Of sessions, and what business code sees instead. */
const SESSIONS: [string, Partial<Settings>, Partial<Settings>][] = [
  ['as it comes', {}, {}],
  ['with a lock_timeout', { lock_timeout: '3s' }, {}],
  ['that is not durable', { synchronous_commit: 'off' }, {}],
  ['that is more than durable', { synchronous_commit: 'remote_apply' }, { synchronous_commit: 'remote_apply' }],
  ['with time limits', { idle_in_transaction_session_timeout: '1min', statement_timeout: '1min' }, {}],
  [
    'that is serializable by default',
    { transaction_isolation: 'serializable' },
    { transaction_isolation: 'read committed' },
  ],
  ['that is read only by default', { transaction_read_only: 'on' }, { transaction_read_only: 'off' }],
];

describe.each(WAYS)('settings of a phase, business code %s', (way) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    // Migrated once, by a session that may.
    await (await openBarrierBench(database.url)).close();
  });
  afterAll(() => database.drop());

  const read = async (bench: BarrierBench): Promise<Settings> => {
    const [row] = await bench.dataSource.query<{ settings: Settings }[]>(
      'select json_object_agg(name, current_setting(name)) as settings from unnest($1::text[]) as name',
      [NAMES],
    );
    return row!.settings;
  };
  const leftBehind = async (bench: BarrierBench): Promise<string> => {
    const [row] = await bench.dataSource.query<{ wait: string }[]>(
      `select coalesce(current_setting('tcc.lock_timeout', true), '') as wait`,
    );
    return row!.wait;
  };

  it.each(SESSIONS)('in a session %s', async (_, session, seen) => {
    const options = Object.entries(session).map(([name, value]) => `-c ${defaultOf(name)}=${value}`);
    const url = `${database.url}?options=${encodeURIComponent(options.join(' '))}`;
    const bench = await openBarrierBench(url, { extra: { max: 1 } }, way);
    try {
      const outside = await read(bench);
      expect(outside).toMatchObject(session);
      const inside = { ...outside, synchronous_commit: 'on', ...seen };
      // Confirm and cancel without a deadline keep the session's idle limit; a try has the time left of its transaction.
      const idle = { idle_in_transaction_session_timeout: expect.stringMatching(/^(29\d{3}ms|30s)$/) as string };
      const [confirmed, cancelled] = [branch(), branch()];
      for (const [call, expected] of [
        [confirmed.try, { ...inside, ...idle }],
        [confirmed.confirm, inside],
        [cancelled.try, { ...inside, ...idle }],
        [cancelled.cancel, inside],
        [branch({ kind: 'message' }).confirm, inside],
      ] as const) {
        const twice = async () => [await read(bench), await read(bench)];
        expect(await bench.phase(call, twice)).toEqual({ ran: true, value: [expected, expected] });
        expect([await read(bench), await leftBehind(bench)]).toEqual([outside, '']);
        // Refused, or answered without business code.
        await bench.phase(call, twice).catch(() => undefined);
        expect([await read(bench), await leftBehind(bench)]).toEqual([outside, '']);
      }
    } finally {
      await bench.close();
    }
  });
});
