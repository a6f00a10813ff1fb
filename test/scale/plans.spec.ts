import pg from 'pg';
import { migrationSql } from 'nestjs-tcc';
import { claim } from '../../libs/tcc/src/ledger/postgres/sql/claim.js';
import { purge } from '../../libs/tcc/src/ledger/postgres/sql/purge.js';
import { readBranches, readClaimed } from '../../libs/tcc/src/ledger/postgres/sql/read-branches.js';
import type { Statement } from '../../libs/tcc/src/ledger/postgres/sql/statement.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const SETTLED = 20_000;
const DUE = 50;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

/** As the library sends them: once planned for their values, and later on for any. */
describe.each(['force_custom_plan', 'force_generic_plan'])('the plans of what runs all the time (%s)', (mode) => {
  let database: TestDatabase;
  let client: pg.Client;
  let xid: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client(database.url);
    await client.connect();
    await client.query(migrationSql('ledger'));
    await client.query(
      `insert into tcc_transaction (xid, service, name, status, phase_order, baggage, created_at, deadline, decided_at,
         settled_at, outcomes, owner, epoch, due_at)
       select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid,
         'shop', 'checkout', case when n <= ${DUE} then 'confirming' else 'confirmed' end, 'together', '{}', at, at, at,
         case when n > ${DUE} then at end, '{}', 'me', 1, case when n <= ${DUE} then at end
       from (select n, now() - interval '90 days' + n * interval '1 minute' as at from generate_series(1, ${SETTLED}) n) i`,
    );
    await client.query(
      `insert into tcc_branch (xid, seq, participant, method, kind, args)
       select xid, seq, 'stock', 'reserve', 'tcc', '["order"]' from tcc_transaction, generate_series(1, 2) seq`,
    );
    await client.query(
      `insert into tcc_attempt (id, xid, seq, phase, at, duration_ms, error_code, error_message, instance)
       select gen_random_uuid(), xid, 1, 'confirm', now(), 1, 'E', 'failed', 'me' from tcc_transaction`,
    );
    await client.query('analyze');
    await client.query(`set plan_cache_mode = ${mode}`);
    const due = await client.query<{ xid: string }>('select xid from tcc_transaction where due_at is not null');
    xid = due.rows[0]!.xid;
  });
  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  const planOf = async ({ name, text, values }: Statement<unknown>): Promise<Plan[]> => {
    const literals = values.map((value) =>
      Array.isArray(value)
        ? `array[${value.map((each) => pg.escapeLiteral(String(each))).join(',')}]::uuid[]`
        : pg.escapeLiteral(String(value)),
    );
    await client.query(`prepare "${name}" as ${text}`);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (format json) execute "${name}" (${literals.join(', ')})`,
    );
    await client.query(`deallocate "${name}"`);
    return nodes(rows[0]!['QUERY PLAN'][0].Plan);
  };
  const scanned = (plan: readonly Plan[]): string[] =>
    plan.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'] ?? '?');
  const indexes = (plan: readonly Plan[]): string[] =>
    [...new Set(plan.flatMap((node) => node['Index Name'] ?? []))].toSorted();

  it('claim: finds what is due by the partial index', async () => {
    const plan = await planOf(claim({ service: 'shop', owner: 'me', leaseMs: 30_000, limit: 50, except: [] }));
    expect(scanned(plan)).toEqual([]);
    expect(indexes(plan)).toEqual(['tcc_transaction_due', 'tcc_transaction_pkey']);
  });

  it('the branches of what was claimed: finds the claimed by the partial index', async () => {
    const plan = await planOf(readClaimed({ service: 'shop', owner: 'me', leaseMs: 30_000, limit: 50, except: [] }));
    expect(scanned(plan)).toEqual([]);
    expect(indexes(plan)).toEqual(['tcc_branch_pkey', 'tcc_transaction_due']);
  });

  it('the branches of one transaction', async () => {
    const plan = await planOf(readBranches(xid));
    expect(scanned(plan)).toEqual([]);
    expect(indexes(plan)).toEqual(['tcc_branch_pkey']);
  });

  it.each([
    ['nothing is old enough', 3_000],
    ['half is old enough', 83 * 24],
    ['all is old enough', 1],
  ])('purge when %s: walks the primary key, removes by keys', async (_when, hours) => {
    const plan = await planOf(purge({ service: 'shop', retentionMs: hours * 3_600_000, limit: 1_000 }));
    expect(scanned(plan)).toEqual([]);
    expect(indexes(plan)).toEqual(['tcc_attempt_branch', 'tcc_branch_pkey', 'tcc_transaction_pkey']);
  });
});
