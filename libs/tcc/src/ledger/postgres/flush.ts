import type { PoolClient } from 'pg';
import { runInOneSync } from '../../postgres/one-sync.js';
import { LedgerFailure } from '../ledger-failure.js';
import type { LedgerBatch, LedgerBatchAnswer } from '../ledger.types.js';
import { beginAnswer, decideAnswer, registerAnswer, settleAnswer } from './hindered.js';
import { sendOne } from './send.js';
import { begin } from './sql/begin.js';
import { beginConflicts } from './sql/begin-conflicts.js';
import { decide } from './sql/decide.js';
import { register } from './sql/register.js';
import { settle } from './sql/settle.js';
import { standing } from './sql/standing.js';
import type { WriteStatement } from './sql/statement.js';

const DONE = { answer: 'done' } as const;
const BEGUN = { answer: 'done', status: 'trying' } as const;
const DECIDED = {
  confirming: { answer: 'done', status: 'confirming', leased: true },
  cancelling: { answer: 'done', status: 'cancelling', leased: true },
} as const;

type Kind = keyof LedgerBatch;

/** The statements of a batch, in the only order that cannot deadlock with another instance's: what waits goes first. */
export interface FlushPlan {
  readonly batch: LedgerBatch;
  readonly kinds: readonly Kind[];
  readonly statements: readonly WriteStatement[];
}

/** @throws LedgerFailure `rejected` when a payload cannot be stored */
export function planFlush(batch: LedgerBatch): FlushPlan {
  const kinds: Kind[] = [];
  const statements: WriteStatement[] = [];
  const plan = (kind: Kind, statement: WriteStatement): void => {
    kinds.push(kind);
    statements.push(statement);
  };
  if (batch.begins.length > 0) plan('begins', begin(batch.begins));
  if (batch.registers.length > 0) plan('registers', register(batch.registers));
  if (batch.decides.length > 0) plan('decides', decide(batch.decides));
  if (batch.settles.length > 0) plan('settles', settle(batch.settles));
  return { batch, kinds, statements };
}

/**
 * Sends a plan, as one transaction in one round trip. Where the statement of a kind has not touched as many rows as it
 * was to, what became of its writes is read in another one.
 */
export async function runFlush(
  client: PoolClient,
  { batch, kinds, statements }: FlushPlan,
): Promise<LedgerBatchAnswer> {
  if (statements.length === 0) return { begins: [], registers: [], decides: [], settles: [] };
  const results = await runInOneSync(client, statements);
  const hindered = kinds.filter((_, index) => results[index]!.rowCount !== statements[index]!.rows);
  const answers = {
    begins: batch.begins.map(() => BEGUN),
    registers: batch.registers.map(() => DONE),
    decides: batch.decides.map(({ to }) => DECIDED[to]),
    settles: batch.settles.map(() => DONE),
  };
  return hindered.length === 0 ? answers : { ...answers, ...(await readAnswers(client, batch, hindered)) };
}

/** Of the kinds of which some write, it is not known which, has not taken effect. */
async function readAnswers(
  client: PoolClient,
  { begins, registers, decides, settles }: LedgerBatch,
  hindered: readonly Kind[],
): Promise<Partial<LedgerBatchAnswer>> {
  const among = <T>(kind: Kind, writes: readonly T[]): readonly T[] => (hindered.includes(kind) ? writes : []);
  const others = [...among('registers', registers), ...among('decides', decides), ...among('settles', settles)];
  try {
    const conflicts = hindered.includes('begins') ? byXid(await sendOne(client, beginConflicts(begins))) : undefined;
    const rows = others.length > 0 ? await sendOne(client, standing(others.map(({ xid }) => xid))) : [];
    const found = byXid(rows);
    return {
      ...(conflicts && { begins: begins.map(({ xid }) => beginAnswer(conflicts.get(xid))) }),
      ...(hindered.includes('registers') && {
        registers: registers.map((write) => registerAnswer(write, found.get(write.xid))),
      }),
      ...(hindered.includes('decides') && {
        decides: decides.map((write) => decideAnswer(write, found.get(write.xid))),
      }),
      ...(hindered.includes('settles') && {
        settles: settles.map((write) => settleAnswer(write, found.get(write.xid))),
      }),
    };
  } catch (error) {
    // The flush itself has committed: whatever this read died of, it must not pass for "no effect".
    throw new LedgerFailure('unknown', error);
  }
}

const byXid = <Row extends { readonly xid: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> =>
  new Map(rows.map((row) => [row.xid, row]));
