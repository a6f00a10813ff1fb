import type { BarrierCall } from './barrier.port.js';

/** How long confirm and cancel wait for another delivery of their branch before they answer "not yet". */
const BARRIER_WAIT = '2s';

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const READ_COMMITTED = 'begin isolation level read committed read write';

// An answered phase must survive a crash of the database, or the ledger says confirmed and the rows are gone. Somebody
// who asked for more than `on` keeps it.
const DURABLE =
  `select set_config('synchronous_commit', 'on', true) ` +
  `where current_setting('synchronous_commit') in ('off', 'local', 'remote_write')`;

// Business code keeps the lock_timeout that its session had, so that one is remembered in the transaction itself.
const LIMIT_WAIT =
  `select set_config('tcc.lock_timeout', current_setting('lock_timeout'), true); ` +
  `set local lock_timeout = '${BARRIER_WAIT}'`;
const RESTORE_WAIT = `select set_config('lock_timeout', current_setting('tcc.lock_timeout'), true)`;

/** Where the barrier statement's result stands among those of {@link openingSql}. */
export interface Opening {
  readonly sql: string;
  readonly resultIndex: number;
}

/**
 * BEGIN, its settings and the barrier statement as one simple-protocol string: one round trip.
 *
 * @param remainingMs how long the connection may sit idle before Postgres frees the row of a stopped process
 */
export function openingSql(call: BarrierCall, remainingMs?: number): Opening {
  const before = [READ_COMMITTED, DURABLE];
  if (remainingMs !== undefined) {
    const ms = Math.min(LONGEST_TIMEOUT_MS, Math.max(1, Math.floor(remainingMs)));
    before.push(`set local idle_in_transaction_session_timeout = ${ms}`);
  }
  if (call.phase === 'try') return { sql: [...before, move(call)].join('; '), resultIndex: before.length };
  // LIMIT_WAIT is two statements.
  return { sql: [...before, LIMIT_WAIT, move(call), RESTORE_WAIT].join('; '), resultIndex: before.length + 2 };
}

/** The status of the branch's row. To be sent after a statement that moved none: in the same one it would see too little. */
export const statusSql = (call: BarrierCall): string => {
  const { xid, seq } = keyOf(call);
  return `select status from tcc_barrier where xid = ${xid} and seq = ${seq}`;
};

/** The statement that moves the branch's row and returns its new status, or no row. */
function move(call: BarrierCall): string {
  const { xid, seq } = keyOf(call);
  const insert = (status: string): string =>
    `insert into tcc_barrier (xid, seq, status) values (${xid}, ${seq}, '${status}') on conflict (xid, seq) do`;
  switch (call.phase) {
    case 'try':
      return `${insert('tried')} nothing returning status`;
    case 'confirm':
      return call.kind === 'message'
        ? `${insert('confirmed')} nothing returning status`
        : `update tcc_barrier set status = 'confirmed' where xid = ${xid} and seq = ${seq} and status = 'tried' returning status`;
    case 'cancel':
      // As an insert and an update in one CTE it would miss a try that commits meanwhile, and leak its hold.
      return `${insert('suspended')} update set status = 'cancelled' where tcc_barrier.status = 'tried' returning status`;
  }
}

/** Both are inlined (the simple protocol has no parameters), so nothing else than a UUID and an integer may pass. */
function keyOf({ xid, seq, branch }: BarrierCall): { xid: string; seq: number } {
  if (!UUID.test(xid)) throw new TypeError(`xid of ${branch} is no UUID: ${JSON.stringify(xid)}`);
  if (!Number.isInteger(seq) || Math.abs(seq) > LONGEST_TIMEOUT_MS) {
    throw new TypeError(`seq of ${branch} (${xid}) is no 32-bit integer: ${String(seq)}`);
  }
  return { xid: `'${xid}'`, seq };
}
