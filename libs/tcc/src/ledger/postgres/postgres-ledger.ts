import { storableKey } from '../../core/idempotency-key.js';
import { isXid } from '../../core/xid.js';
import { ConfigurationError } from '../../errors/configuration.error.js';
import { isTccError } from '../../errors/tcc.error.js';
import { migrate, underMigrationLock } from '../../migrations/migrator.js';
import { gatheringOf } from '../../postgres/pg-wire.js';
import type { LedgerPort } from '../ledger.port.js';
import type {
  Backlog,
  BranchRecord,
  ClaimedTransaction,
  ClaimRequest,
  HandBackWrite,
  LedgerBatch,
  LedgerBatchAnswer,
  Lease,
  PurgeAnswer,
  PurgeRequest,
  TransactionView,
} from '../ledger.types.js';
import { Connections } from './connections.js';
import { endClient } from './end-client.js';
import { failureOf } from './failure-of.js';
import { planFlush, runFlush } from './flush.js';
import { ledgerMigrations } from './ledger-migrations.js';
import type { PostgresLedgerOptions } from './postgres-ledger.options.js';
import { branchRecord, claimedTransaction } from './records.js';
import { ReleaseListener } from './release-listener.js';
import { sendAll, sendOne } from './send.js';
import { backlog } from './sql/backlog.js';
import { claim, type ClaimRow } from './sql/claim.js';
import { find } from './sql/find.js';
import { handBack, lockForHandBack } from './sql/hand-back.js';
import { notifyRelease, releaseChannel } from './sql/notify-release.js';
import { purge } from './sql/purge.js';
import { readBranches, readClaimed, type BranchRow } from './sql/read-branches.js';
import { release } from './sql/release.js';
import { renew } from './sql/renew.js';

/** Time between two heartbeats of the listening connection, in times that one may take to be answered. */
const HEARTBEATS = 4;

/**
 * The ledger in PostgreSQL, over connections of its own.
 *
 * Times are kept on the database's clock. Wrap it in `GroupCommit` for writes: alone it sends each flush as it comes.
 *
 * @publicApi
 */
export class PostgresLedger implements LedgerPort {
  private readonly connections: Connections;
  private readonly listeners = new Set<ReleaseListener>();

  constructor(private readonly options: PostgresLedgerOptions) {
    this.connections = new Connections(options);
  }

  /** @throws ConfigurationError, SchemaError, LedgerFailure */
  async open(): Promise<void> {
    const { schema, migrations, database, warn } = this.options;
    const client = await this.connections.single('endless');
    const run = (sql: string, params?: unknown[]): Promise<{ rows: unknown[] }> => client.query(sql, params);
    try {
      if (!gatheringOf(client)) {
        throw new ConfigurationError(
          'ledger',
          'it sends the statements of a flush together, which pg-native and clients with `pipeline: true` cannot: give it ' +
            'a connection without them',
        );
      }
      if (schema !== undefined && migrations === 'run') {
        const name = client.escapeIdentifier(schema);
        const { rows } = await run('select 1 from pg_namespace where nspname = $1', [schema]);
        if (rows.length === 0) {
          await underMigrationLock(run, async () => void (await run(`create schema if not exists ${name}`)));
        }
      }
      await migrate(run, 'ledger', ledgerMigrations, migrations, database);
      const { rows } = await run('show synchronous_commit');
      if ((rows as { synchronous_commit: string }[])[0]?.synchronous_commit === 'off') {
        warn(
          `synchronous_commit is off for the ledger's role in ${database}: a crash of the server can lose decisions that were ` +
            'acted on. Set it to on for this role.',
        );
      }
    } catch (error) {
      throw isTccError(error) ? error : failureOf(error);
    } finally {
      await endClient(client);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.listeners].map((listener) => listener.stop()));
    await this.connections.end();
  }

  async ping(): Promise<void> {
    await this.connections.other((client) => client.query('select 1'));
  }

  async flush(batch: LedgerBatch): Promise<LedgerBatchAnswer> {
    const plan = planFlush(batch);
    return this.connections.flush((client) => runFlush(client, plan));
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedTransaction[]> {
    return this.connections.other(async (client) => {
      const results = await sendAll(client, [claim(request), readClaimed(request)]);
      const [claimed, branches] = results as [ClaimRow[], BranchRow[]];
      const byXid = new Map(claimed.map(({ xid }) => [xid, [] as BranchRow[]]));
      for (const branch of branches) byXid.get(branch.xid)?.push(branch);
      return claimed.map((row) => claimedTransaction(row, request.owner, byXid.get(row.xid) ?? []));
    });
  }

  async branches(xid: string): Promise<readonly BranchRecord[]> {
    const rows = await this.connections.other((client) => sendOne(client, readBranches(xid)));
    return rows.map(branchRecord);
  }

  async renew(leases: readonly Lease[], leaseMs: number): Promise<ReadonlySet<string>> {
    if (leases.length === 0) return new Set();
    const rows = await this.connections.other((client) => sendOne(client, renew(leases, leaseMs)));
    return new Set(rows.map(({ xid }) => xid));
  }

  async release(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    await this.connections.other(async (client) => {
      for (const { service } of await sendOne(client, release(leases))) {
        // A hint, and the leases are given back already: nothing is lost but a wait for the next poll.
        await sendOne(client, notifyRelease(service)).catch(() => undefined);
      }
    });
  }

  handBack(write: HandBackWrite): Promise<boolean> {
    return this.connections.other(async (client) => {
      const results = await sendAll(client, [lockForHandBack(write), handBack(write)]);
      return (results[1]?.length ?? 0) > 0;
    });
  }

  async find(xid: string): Promise<TransactionView | undefined> {
    // Comes from outside: what is no xid is no transaction either, not an error of the database.
    if (!isXid(xid)) return undefined;
    const [row] = await this.connections.other((client) => sendOne(client, find(xid)));
    return row && { xid: row.xid, name: row.name, status: row.status, parked: Number(row.parked) };
  }

  async backlog(service: string): Promise<Backlog> {
    const [row] = await this.connections.other((client) => sendOne(client, backlog(service)));
    return { open: Number(row?.open ?? 0), parked: Number(row?.parked ?? 0) };
  }

  async purge(request: PurgeRequest): Promise<PurgeAnswer> {
    const [row] = await this.connections.other((client) => sendOne(client, purge(request)));
    const { looked = 0, removed = 0, up_to = null } = row ?? {};
    return { removed, upTo: up_to ?? undefined, more: looked === request.limit };
  }

  async onRelease(service: string, listener: () => void): Promise<() => Promise<void>> {
    const channel = releaseChannel(storableKey(service));
    const listening = new ReleaseListener(
      () => this.connections.single('limited'),
      channel,
      listener,
      HEARTBEATS * this.options.timeoutMs,
    );
    this.listeners.add(listening);
    await listening.start();
    return async () => {
      this.listeners.delete(listening);
      await listening.stop();
    };
  }
}
