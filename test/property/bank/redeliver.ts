import { type BranchRecord, type Decision, isTccError, TCC_LEDGER, type LedgerPort } from 'nestjs-tcc';
import type { DataSource } from 'typeorm';
import { TypeOrmBarrier } from '../../../libs/tcc/src/barrier/typeorm-barrier.js';
import { phaseOf } from '../../../libs/tcc/src/coordinator/phase-two.plan.js';
import { PhaseTwoInvoker } from '../../../libs/tcc/src/participant/phase-two.invoker.js';
import type { BankSystem } from './bank-system.js';
import type { MortalBank } from './mortal-bank.js';
import type { Side } from './script.js';

const sideOf = ({ participant }: BranchRecord): Side => (participant === 'purse-north' ? 'north' : 'south');

/**
 * Delivers a phase of a branch once more, through an instance that need not have to do with it: a confirm or cancel that
 * has been decided, or a try that has been delivered before.
 *
 * @param nth of its branches
 * @returns what the delivery was answered
 * @throws Error when it should have been answered otherwise
 */
export async function redeliver(
  system: BankSystem,
  { bank }: MortalBank,
  xid: string,
  { nth, asTry }: { readonly nth: number; readonly asTry: boolean },
): Promise<string> {
  const row = (await system.transactions([xid])).get(xid);
  const branches = await bank.app.get<LedgerPort>(TCC_LEDGER).branches(xid);
  const branch = branches[nth % Math.max(1, branches.length)];
  if (!row || !branch) return 'nothing to deliver';
  if (asTry) return repeatTry(system, bank[sideOf(branch)], xid, branch);
  if (row.status === 'trying') return 'nothing to deliver';
  const decision: Decision = row.status.startsWith('confirm') ? 'confirming' : 'cancelling';
  const outcomes = row.outcomes === null ? {} : (JSON.parse(row.outcomes) as Record<number, never>);
  const decided = { decision, outcomes, order: 'together' as const, branches, remainingMs: 0 };
  const phase = phaseOf(decided, branch);
  const call = {
    xid,
    branch,
    phase,
    result: undefined,
    baggage: {},
    remainingMs: 0,
    answered: true,
    giveUpAt: performance.now() + 5_000,
  };
  const said = await answer(bank.app.get(PhaseTwoInvoker).call(call));
  const settled = row.status === 'confirmed' || row.status === 'cancelled';
  if (settled && said !== 'done') throw new Error(`${phase} of ${xid}:${branch.seq} had been done, and is now ${said}`);
  return said;
}

async function repeatTry(system: BankSystem, source: DataSource, xid: string, branch: BranchRecord): Promise<string> {
  const { seq } = branch;
  const [known] = await system.query<{ status: string }>(
    sideOf(branch),
    'select status from tcc_barrier where xid = $1 and seq = $2',
    [xid, seq],
  );
  // what has not been delivered yet would not be repeated
  if (!known || branch.kind === 'message') return 'nothing to deliver';
  const barrier = new TypeOrmBarrier(source, { name: 'any', migrations: 'check', fault: () => undefined });
  const deadline = performance.now() + 5_000;
  const said = await answer(
    barrier.run({ xid, seq, phase: 'try', kind: branch.kind, branch: 'repeated', deadline }, async () => undefined),
  );
  const expected = ['tried', 'confirmed'].includes(known.status) ? 'TCC_REPEATED_TRY' : 'TCC_LATE_TRY';
  if (said !== expected) throw new Error(`a try of ${xid}:${seq}, which is ${known.status}, was answered ${said}`);
  return said;
}

const answer = (delivery: Promise<unknown>): Promise<string> =>
  delivery.then(
    () => 'done',
    (error: unknown) => (isTccError(error) ? error.code : 'failed'),
  );
