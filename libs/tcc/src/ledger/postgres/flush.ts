import type { PoolClient } from 'pg';
import { isCancelled, isConfirmed } from '../../core/status.js';
import { LedgerFailure } from '../ledger-failure.js';
import type {
  BeginAnswer,
  BeginWrite,
  DecideAnswer,
  DecideWrite,
  LedgerBatch,
  LedgerBatchAnswer,
  RegisterAnswer,
  SettleAnswer,
} from '../ledger.types.js';
import { sendAll, sendOne } from './send.js';
import { begin } from './sql/begin.js';
import { beginConflicts, type BeginConflictRow } from './sql/begin-conflicts.js';
import { decide, type DecideRow } from './sql/decide.js';
import { register, type RegisterRow } from './sql/register.js';
import { settle, type SettleRow } from './sql/settle.js';
import type { Statement } from './sql/statement.js';

const SKIPPED = { answer: 'skipped' } as const;

/** The statements of a batch, in the only order that cannot deadlock with another instance's: what waits goes first. */
export interface FlushPlan {
  readonly batch: LedgerBatch;
  readonly kinds: readonly (keyof LedgerBatch)[];
  readonly statements: readonly Statement<unknown>[];
}

/** @throws LedgerFailure `rejected` when a payload cannot be stored */
export function planFlush(batch: LedgerBatch): FlushPlan {
  const planned: [keyof LedgerBatch, Statement<unknown>][] = [];
  if (batch.begins.length > 0) planned.push(['begins', begin(batch.begins)]);
  if (batch.registers.length > 0) planned.push(['registers', register(batch.registers)]);
  if (batch.decides.length > 0) planned.push(['decides', decide(batch.decides)]);
  if (batch.settles.length > 0) planned.push(['settles', settle(batch.settles)]);
  return { batch, kinds: planned.map(([kind]) => kind), statements: planned.map(([, statement]) => statement) };
}

/** Sends a plan, as one transaction in one round trip. */
export async function runFlush(
  client: PoolClient,
  { batch, kinds, statements }: FlushPlan,
): Promise<LedgerBatchAnswer> {
  if (statements.length === 0) return { begins: [], registers: [], decides: [], settles: [] };
  const results = await sendAll(client, statements);
  const rows = <Row extends { readonly xid: string }>(kind: keyof LedgerBatch): Map<string, Row> =>
    new Map(((results[kinds.indexOf(kind)] ?? []) as Row[]).map((row) => [row.xid, row]));
  const registered = rows<RegisterRow>('registers');
  const decided = rows<DecideRow>('decides');
  const settled = rows<SettleRow>('settles');
  return {
    begins: await beginAnswers(client, batch.begins, rows('begins')),
    registers: batch.registers.map(({ xid }) => registerAnswer(registered.get(xid))),
    decides: batch.decides.map((write) => decideAnswer(write, decided.get(write.xid))),
    settles: batch.settles.map(({ xid }) => settleAnswer(settled.get(xid))),
  };
}

async function beginAnswers(
  client: PoolClient,
  writes: readonly BeginWrite[],
  begun: ReadonlyMap<string, unknown>,
): Promise<BeginAnswer[]> {
  const hindered = writes.filter(({ xid }) => !begun.has(xid));
  const conflicts = new Map<string, BeginConflictRow>();
  if (hindered.length > 0) {
    try {
      for (const row of await sendOne(client, beginConflicts(hindered))) conflicts.set(row.xid, row);
    } catch (error) {
      // The flush itself has committed: whatever this read died of, it must not pass for "no effect".
      throw new LedgerFailure('unknown', error);
    }
  }
  return writes.map(({ xid }) =>
    begun.has(xid) ? { answer: 'done', status: 'trying' } : beginAnswer(conflicts.get(xid)),
  );
}

function beginAnswer(row: BeginConflictRow | undefined): BeginAnswer {
  if (row?.own_status) return { answer: 'done', status: row.own_status };
  if (!row?.holder) return SKIPPED;
  return {
    answer: 'refused',
    holder: {
      xid: row.holder,
      status: row.status,
      fingerprint: row.fingerprint ?? undefined,
      result: row.result ?? undefined,
      remainingMs: Number(row.remaining_ms),
    },
  };
}

function registerAnswer(row: RegisterRow | undefined): RegisterAnswer {
  return row?.open ? { answer: 'done' } : { answer: 'refused', status: row?.status };
}

function decideAnswer({ to }: DecideWrite, row: DecideRow | undefined): DecideAnswer {
  if (row?.skipped) return SKIPPED;
  if (row?.moved) return { answer: 'done', status: to, leased: true };
  const status = row?.status ?? undefined;
  const asAsked = status !== undefined && (to === 'confirming' ? isConfirmed(status) : isCancelled(status));
  return asAsked ? { answer: 'done', status, leased: row?.leased ?? false } : { answer: 'refused', status };
}

function settleAnswer(row: SettleRow | undefined): SettleAnswer {
  if (row?.skipped) return SKIPPED;
  return { answer: row?.done ? 'done' : 'refused' };
}
