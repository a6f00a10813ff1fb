import type { BarrierStatus } from '../core/barrier-ruling.js';
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
  /** Of a barrier statement that returns nothing: the row's new status where it has touched one. */
  readonly moves?: BarrierStatus | undefined;
}

const BEGIN: OpeningStatement = {
  name: 'tcc-open-1',
  text: 'begin isolation level read committed read write',
  values: [],
};

// Settings ride in the barrier statement, since each statement more costs as much as a small business statement. Each of
// these expressions has a value, never null, so that the row moves only behind them.

// An answered phase must survive a crash of the database, or the ledger says confirmed and the rows are gone. Somebody
// who asked for more than `on` keeps it.
const DURABLE =
  `case when current_setting('synchronous_commit') in ('off', 'local', 'remote_write') ` +
  `then set_config('synchronous_commit', 'on', true) else '' end`;
const IDLE_LIMIT =
  `set_config('idle_in_transaction_session_timeout', ` +
  `coalesce(nullif($3, ''), current_setting('idle_in_transaction_session_timeout')), true)`;

// Business code keeps the lock_timeout that its session had, so that one is remembered in the transaction itself.
const REMEMBER_WAIT = `set_config('tcc.lock_timeout', current_setting('lock_timeout'), true)`;
const LIMIT_WAIT = `set_config('lock_timeout', '${BARRIER_WAIT}', true)`;
const RESTORE_WAIT = `set_config('lock_timeout', current_setting('tcc.lock_timeout'), true)`;

/** `value`, evaluated behind the settings. */
const behind = (settings: readonly string[], value: string): string =>
  settings.reduceRight((inner, setting) => `case when ${setting} is not null then ${inner} end`, value);

/**
 * The same, evaluated once in a statement, when a row is first looked at: the planner makes a sub-select without columns
 * a parameter. Evaluated for a row again, behind a wait, the limit would be remembered as the session's own.
 */
const onceBehind = (settings: readonly string[], value: string): string => `(select ${behind(settings, value)})`;

const SETTINGS = [DURABLE, IDLE_LIMIT, REMEMBER_WAIT, LIMIT_WAIT];

const insertBehindWait = (status: string): string =>
  `insert into tcc_barrier (xid, seq, status) values ($1, $2, ${onceBehind(SETTINGS, `'${status}'`)}) ` +
  `on conflict (xid, seq) do`;

/** A barrier statement. */
interface Move {
  readonly name: string;
  /** $1 xid, $2 seq, $3 milliseconds for which the connection may sit idle, or ''. Returns the new status first. */
  readonly text: string;
  /** For one that returns nothing, which saves a tenth of a try: the new status where it has touched a row. */
  readonly moves?: BarrierStatus;
}

const MOVES: Readonly<Record<'try' | 'confirm' | 'message' | 'cancel', Move>> = {
  try: {
    name: 'tcc-try-2',
    text:
      `insert into tcc_barrier (created_at, xid, seq, status) ` +
      `values (${behind([DURABLE, IDLE_LIMIT], 'now()')}, $1, $2, 'tried') on conflict (xid, seq) do nothing`,
    moves: 'tried',
  },
  confirm: {
    name: 'tcc-confirm-2',
    text:
      `update tcc_barrier set status = 'confirmed' ` +
      `where xid = $1 and seq = $2 and status = ${onceBehind(SETTINGS, `'tried'`)} returning status, ${RESTORE_WAIT}`,
  },
  message: {
    name: 'tcc-message-2',
    text: `${insertBehindWait('confirmed')} nothing returning status, ${RESTORE_WAIT}`,
  },
  // As an insert and an update in one CTE it would miss a try that commits meanwhile, and leak its hold.
  cancel: {
    name: 'tcc-cancel-2',
    text:
      `${insertBehindWait('suspended')} update set status = 'cancelled' where tcc_barrier.status = 'tried' ` +
      `returning status, ${RESTORE_WAIT}`,
  },
};

/**
 * BEGIN, its settings and the barrier statement, which moves the branch's row; see {@link movedBy}.
 *
 * @param remainingMs how long the connection may sit idle before Postgres frees the row of a stopped process;
 * undefined: as its session has it
 */
export function openingOf(call: BarrierCall, remainingMs: number | undefined): readonly OpeningStatement[] {
  const move = MOVES[call.phase === 'confirm' && call.kind === 'message' ? 'message' : call.phase];
  const idleMs =
    remainingMs === undefined ? '' : String(Math.min(LARGEST_INTEGER, Math.max(1, Math.floor(remainingMs))));
  const [xid, seq] = keyOf(call);
  // Spelled out: a spread takes as long as everything else here.
  return [BEGIN, { name: move.name, text: move.text, moves: move.moves, values: [xid, seq, idleMs] }];
}

/**
 * The status that a barrier statement has moved the row to; undefined: it has moved none.
 *
 * @param touched whether it has touched a row
 * @param returned the first column of the first row that it returned
 */
export const movedBy = ({ moves }: OpeningStatement, touched: boolean, returned: unknown): BarrierStatus | undefined =>
  touched ? (moves ?? (returned as BarrierStatus)) : undefined;

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
