import type { RetryPolicy } from '../core/backoff.js';
import type { FaultHook } from '../core/fault-point.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import type { GroupCommit } from '../ledger/group-commit.js';
import type { LedgerPort } from '../ledger/ledger.port.js';
import type { BranchRecord, BranchSetback, ClaimedTransaction } from '../ledger/ledger.types.js';
import type { TccEvents } from '../observability/tcc-events.js';
import type { PhaseTwoInvoker } from '../participant/phase-two.invoker.js';
import type { Crowd } from './crowd.js';
import type { HeldLease, Leases } from './leases.js';
import { planPhaseTwo, phaseOf, type CallGroup } from './phase-two.plan.js';
import { judgeSetback } from './setback.js';
import { eachBounded } from './each-bounded.js';
import { withTimeLimit } from './time-limit.js';

/** What a driver needs from the settings. */
export interface DriverSettings {
  readonly retry: RetryPolicy;
  readonly callTimeoutMs: number;
  readonly instance: string;
  readonly faults: FaultHook;
}

/** How many branches of one transaction are called at a time. */
const CALLS_AT_ONCE = 32;

/** How a drive ended. `elsewhere`: another driver has it, or this process drives it already. */
export type DriveEnd = 'settled' | 'handed back' | 'elsewhere';

/**
 * Drives phase two of one decided transaction: calls what is due, then settles the transaction or hands it back with a
 * due time for each branch. The deciding instance and recovery use the same.
 */
export class PhaseTwoDriver {
  constructor(
    private readonly ledger: Pick<LedgerPort, 'handBack'>,
    private readonly commits: Pick<GroupCommit, 'settle'>,
    private readonly leases: Leases,
    private readonly invoker: PhaseTwoInvoker,
    private readonly events: TccEvents,
    private readonly settings: DriverSettings,
  ) {}

  /**
   * @param askedAt when the write that took its lease was about to be sent
   * @param crowd the calls that it is counted among, if their number is limited
   */
  async drive(transaction: ClaimedTransaction, askedAt: Monotonic, crowd?: Crowd): Promise<DriveEnd> {
    const lease = this.leases.hold(transaction, askedAt);
    if (!lease) return 'elsewhere';
    try {
      return await this.driveHeld(transaction, lease, askedAt, crowd);
    } finally {
      lease.drop();
    }
  }

  private async driveHeld(
    transaction: ClaimedTransaction,
    lease: HeldLease,
    since: Monotonic,
    crowd: Crowd | undefined,
  ): Promise<DriveEnd> {
    const settled = new Set(transaction.branches.filter((branch) => branch.settled).map(({ seq }) => seq));
    const setbacks = new Map<number, BranchSetback>();
    const plan = planPhaseTwo(transaction);
    for (const { seq, dueInMs } of plan.later)
      setbacks.set(
        seq,
        untouched(
          transaction.branches.find((branch) => branch.seq === seq)!,
          dueInMs,
        ),
      );
    const driveGroup = async ({ branches, after }: CallGroup): Promise<void> => {
      const blockers = after.filter((seq) => !settled.has(seq));
      // Not before what it waits for is: driving it sooner would do nothing but write to the ledger, each time. How
      // long an operator takes with what is parked nobody knows.
      const blockedMs = Math.max(0, ...blockers.map((seq) => setbacks.get(seq)?.dueInMs ?? this.settings.retry.capMs));
      await eachBounded(branches, CALLS_AT_ONCE, async (branch) => {
        const waits = blockers.length > 0 ? untouched(branch, blockedMs) : undefined;
        const setback = waits ?? (await this.call(transaction, branch, lease, since, crowd));
        if (setback) setbacks.set(branch.seq, setback);
        else settled.add(branch.seq);
      });
    };
    await Promise.all(
      plan.lanes.map(async (lane) => {
        for (const group of lane) await driveGroup(group);
      }),
    );
    if (!lease.stands()) return 'elsewhere';
    if (setbacks.size > 0 || plan.parked > 0) return this.handBack(lease, [...settled], [...setbacks.values()]);
    this.settle(lease, [...settled]);
    return 'settled';
  }

  /** @returns undefined when the branch has settled */
  private async call(
    transaction: ClaimedTransaction,
    branch: BranchRecord,
    lease: HeldLease,
    since: Monotonic,
    crowd: Crowd | undefined,
  ): Promise<BranchSetback | undefined> {
    // A lapsed lease may be somebody else's by now: what is not called is simply due for them.
    if (!lease.stands()) return untouched(branch, 0);
    const { xid, baggage } = transaction;
    const phase = phaseOf(transaction, branch);
    const startedAt = monotonicNow();
    let leave: (() => void) | undefined;
    try {
      leave = crowd?.enter(branch.participant);
      const result = phase === 'confirm' ? transaction.outcomes[branch.seq]?.result : undefined;
      const giveUpAt = startedAt + this.settings.callTimeoutMs;
      const called = this.invoker.call({ xid, branch, phase, result, baggage, giveUpAt });
      await withTimeLimit(called, this.settings.callTimeoutMs, `${phase} of ${branch.participant}.${branch.method}`);
      return undefined;
    } catch (error) {
      const now = monotonicNow();
      const unsettledMs = Math.round(transaction.decidedMsAgo + (now - since));
      const failed = { branch, phase, error, durationMs: Math.round(now - startedAt), unsettledMs };
      const { setback, tell } = judgeSetback(failed, this.settings.retry);
      if (tell) {
        const name = `${branch.participant}.${branch.method}`;
        this.events.emit(tell, {
          xid,
          seq: branch.seq,
          branch: name,
          phase,
          attempts: setback.attempts,
          unsettledMs,
          error,
        });
      }
      return setback;
    } finally {
      leave?.();
    }
  }

  private settle({ xid, owner, epoch }: HeldLease, seqs: readonly number[]): void {
    // Nobody waits for it: if it is lost, or refused because the ledger knows of another branch, recovery drives on.
    this.commits.settle({ xid, owner, epoch, seqs }).catch(() => undefined);
  }

  private async handBack(
    lease: HeldLease,
    settled: readonly number[],
    setbacks: readonly BranchSetback[],
  ): Promise<DriveEnd> {
    const { xid, owner, epoch } = lease;
    await this.settings.faults('ledger.hand-back.sending', { xids: [xid] });
    const written = await this.ledger.handBack({
      xid,
      owner,
      epoch,
      settled,
      setbacks,
      instance: this.settings.instance,
    });
    await this.settings.faults('ledger.hand-back.done', { xids: [xid] });
    return written ? 'handed back' : 'elsewhere';
  }
}

/** Left as it is, due at a time of its own. */
const untouched = ({ seq, attempts, postponements, alerted }: BranchRecord, dueInMs: number): BranchSetback => ({
  seq,
  attempts,
  postponements,
  alerted,
  dueInMs,
});
