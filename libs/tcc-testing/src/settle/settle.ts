import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type Backlog,
  type BranchRecord,
  type LedgerPort,
  Recovery,
  TCC_LEDGER,
  TCC_SETTINGS,
  type TccSettings,
  type TransactionView,
} from 'nestjs-tcc';

/**
 * How long to wait, and what to tell when that was not enough.
 *
 * @publicApi
 */
export interface SettleOptions {
  /** In milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** Transactions that the error is to describe branch by branch. The in-memory ledger knows them by itself. */
  readonly xids?: readonly string[];
}

const POLL_MS = 20;

/**
 * Drives recovery of an application until nothing of its service is open but branches that wait for an operator.
 * Retries that are due later are waited for.
 *
 * @param app with `TccModule.forRoot()`
 * @returns the backlog at the end: `open` is 0, `parked` counts parked branches
 * @throws Error that lists what is still open when the time is up
 * @publicApi
 */
export async function settle(app: Pick<INestApplicationContext, 'get'>, options: SettleOptions = {}): Promise<Backlog> {
  const recovery = app.get(Recovery, { strict: false });
  const ledger = app.get<LedgerPort>(TCC_LEDGER, { strict: false });
  const { service } = app.get<TccSettings>(TCC_SETTINGS, { strict: false });
  const timeoutMs = options.timeoutMs ?? 10_000;
  const giveUpAt = performance.now() + timeoutMs;
  let backlog: Backlog | undefined;
  let trouble: unknown;
  do {
    try {
      // A claim with nothing to take does not mean that nothing is open: calls may be under way, or due later.
      if ((await within(recovery.runOnce(), giveUpAt)) === 'late') break;
      backlog = await ledger.backlog(service);
      if (backlog.open === 0) return backlog;
      trouble = undefined;
    } catch (error) {
      trouble = error; // tests take ledgers down on purpose
    }
    await pause(POLL_MS);
  } while (performance.now() < giveUpAt);
  // a call that took all the time says nothing of the ledger
  backlog ??= await ledger.backlog(service).catch(() => undefined);
  const open = await describeOpen(ledger, service, options.xids ?? []).catch((error: unknown) => String(error));
  throw new Error(`${service} has not settled within ${timeoutMs} ms: ${count(backlog)}.${open}`, { cause: trouble });
}

/** A branch that never answers must not outlast the timeout. */
async function within(work: Promise<unknown>, giveUpAt: number): Promise<unknown> {
  const stop = new AbortController();
  const late = pause(Math.max(0, giveUpAt - performance.now()), 'late', { signal: stop.signal });
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
    await late.catch(() => undefined);
    work.catch(() => undefined); // when it fails later, nobody is there to hear of it
  }
}

const count = (backlog: Backlog | undefined): string =>
  backlog === undefined ? 'its ledger never answered' : `${backlog.open} open, ${backlog.parked} branches parked`;

/** Implemented by the in-memory ledger; others are asked for the transactions that the caller names. */
interface Listing {
  unsettled(service: string): readonly TransactionView[];
}

const canList = (ledger: object): ledger is Listing => 'unsettled' in ledger && typeof ledger.unsettled === 'function';

async function describeOpen(ledger: LedgerPort, service: string, xids: readonly string[]): Promise<string> {
  const listed = canList(ledger) ? ledger.unsettled(service).map(({ xid }) => xid) : [];
  let text = '';
  for (const xid of new Set([...listed, ...xids])) {
    const transaction = await ledger.find(xid);
    if (transaction === undefined) continue;
    text += `\n  ${xid} ${transaction.name}: ${transaction.status}`;
    if (transaction.status === 'confirmed' || transaction.status === 'cancelled') continue;
    for (const branch of await ledger.branches(xid)) text += `\n    ${describeBranch(branch)}`;
  }
  return text;
}

function describeBranch({ seq, participant, method, settled, parked, attempts, dueInMs }: BranchRecord): string {
  const state = settled ? 'settled' : parked ? 'parked' : dueInMs > 0 ? `due in ${Math.round(dueInMs)} ms` : 'due';
  return `${seq} ${participant}.${method}: ${state}, ${attempts} failed attempts`;
}
