import type { BarrierCall } from './barrier.port.js';

/** How long confirm and cancel wait for another delivery of their branch before they answer "not yet". */
const BARRIER_WAIT = '2s';

/** Of Postgres. */
const LARGEST_INTEGER = 2 ** 31 - 1;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A statement that may be prepared under its name. The name changes whenever the text does. */
export interface OpeningStatement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly string[];
}

const BEGIN: OpeningStatement = {
  name: 'tcc-open-1',
  text: 'begin isolation level read committed read write',
  values: [],
};

// Business code keeps the lock_timeout that its session had, so that one is remembered in the transaction itself. In the
// statement that waits: the planner evaluates such a condition once and before it looks for a row.
const LIMIT_WAIT =
  `(select set_config('lock_timeout', '${BARRIER_WAIT}', true) from ` +
  `(select set_config('tcc.lock_timeout', current_setting('lock_timeout'), true)) as session (wait) ` +
  `where wait is not null) is not null`;
const RESTORE_WAIT = `set_config('lock_timeout', current_setting('tcc.lock_timeout'), true)`;

// An answered phase must survive a crash of the database, or the ledger says confirmed and the rows are gone. Somebody
// who asked for more than `on` keeps it.
const DURABLE =
  `case when current_setting('synchronous_commit') in ('off', 'local', 'remote_write') ` +
  `then set_config('synchronous_commit', 'on', true) end`;

/** $1 xid, $2 seq, $3 milliseconds for which the connection may sit idle, or ''. Each returns the new status, or no row. */
const MOVES = {
  try: {
    name: 'tcc-try-1',
    text: `insert into tcc_barrier (xid, seq, status) values ($1, $2, 'tried') on conflict (xid, seq) do nothing ${returning([])}`,
  },
  confirm: {
    name: 'tcc-confirm-1',
    text:
      `update tcc_barrier set status = 'confirmed' ` +
      `where xid = $1 and seq = $2 and status = 'tried' and ${LIMIT_WAIT} ${returning([RESTORE_WAIT])}`,
  },
  message: {
    name: 'tcc-message-1',
    text: `${insert('confirmed')} nothing ${returning([RESTORE_WAIT])}`,
  },
  // As an insert and an update in one CTE it would miss a try that commits meanwhile, and leak its hold.
  cancel: {
    name: 'tcc-cancel-1',
    text: `${insert('suspended')} update set status = 'cancelled' where tcc_barrier.status = 'tried' ${returning([RESTORE_WAIT])}`,
  },
} as const;

function insert(status: string): string {
  return (
    `insert into tcc_barrier (xid, seq, status) select $1::uuid, $2::int, '${status}' where ${LIMIT_WAIT} ` +
    `on conflict (xid, seq) do`
  );
}

/**
 * The settings ride in the row that has moved, since each statement more costs as much as a small business statement.
 * Where none moves, no business code runs, and they are not needed.
 */
function returning(settings: readonly string[]): string {
  const idle = `set_config('idle_in_transaction_session_timeout', coalesce(nullif($3, ''), current_setting('idle_in_transaction_session_timeout')), true)`;
  return `returning status, ${[...settings, DURABLE, idle].join(', ')}`;
}

/**
 * BEGIN, its settings and the barrier statement, which moves the branch's row: the first column of what it returns, if
 * it returns a row, is the row's new status.
 *
 * @param remainingMs how long the connection may sit idle before Postgres frees the row of a stopped process;
 * undefined: as its session has it
 */
export function openingOf(call: BarrierCall, remainingMs: number | undefined): readonly OpeningStatement[] {
  const move = MOVES[call.phase === 'confirm' && call.kind === 'message' ? 'message' : call.phase];
  const idleMs =
    remainingMs === undefined ? '' : String(Math.min(LARGEST_INTEGER, Math.max(1, Math.floor(remainingMs))));
  const [xid, seq] = keyOf(call);
  const moving = { name: move.name, text: move.text, values: [xid, seq, idleMs] };
  return [BEGIN, moving];
}

/** An opening for the simple protocol: all statements in one string, which has no parameters. */
export const inOneString = (opening: readonly OpeningStatement[]): string =>
  opening
    .map(({ text, values }) => text.replace(/\$([1-9])/g, (_, place: string) => `'${values[Number(place) - 1]}'`))
    .join('; ');

/** The status of the branch's row. To be sent after a statement that moved none: in the same one it would see too little. */
export const statusSql = (call: BarrierCall): string => {
  const [xid, seq] = keyOf(call);
  return `select status from tcc_barrier where xid = '${xid}' and seq = ${seq}`;
};

/** Both may be inlined, so nothing else than a UUID and an integer may pass. */
function keyOf({ xid, seq, branch }: BarrierCall): [xid: string, seq: string] {
  if (!UUID.test(xid)) throw new TypeError(`xid of ${branch} is no UUID: ${JSON.stringify(xid)}`);
  if (!Number.isInteger(seq) || Math.abs(seq) > LARGEST_INTEGER) {
    throw new TypeError(`seq of ${branch} (${xid}) is no 32-bit integer: ${String(seq)}`);
  }
  return [xid, String(seq)];
}
