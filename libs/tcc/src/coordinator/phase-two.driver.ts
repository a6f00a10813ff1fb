import { Alarms } from '../core/alarms.js';
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
import { Siblings } from './siblings.js';
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
  private readonly alarms = new Alarms();

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
    const setbacks = new Map<number, Setback>();
    const drive: Drive = { transaction, lease, since, crowd, siblings: new Siblings() };
    const plan = planPhaseTwo(transaction);
    const callBranch = async (branch: BranchRecord): Promise<void> => {
      const setback = await this.callUntilAlone(drive, branch);
      if (setback) setbacks.set(branch.seq, asOfNow(setback));
      else {
        setbacks.delete(branch.seq);
        settled.add(branch.seq);
      }
    };
    const driveGroup = async ({ branches, after }: CallGroup): Promise<void> => {
      const blockers = after.filter((seq) => !settled.has(seq));
      // Not before what it waits for is: driving it sooner would do nothing but write to the ledger, each time. How
      // long an operator takes with what is parked nobody knows.
      const blockedMs = Math.max(0, ...blockers.map((seq) => setbacks.get(seq)?.dueInMs ?? this.settings.retry.capMs));
      await eachBounded(branches, CALLS_AT_ONCE, (branch) => {
        if (blockers.length === 0) {
          drive.siblings.enter();
          return callBranch(branch);
        }
        setbacks.set(branch.seq, asOfNow(untouched(branch, blockedMs)));
        return Promise.resolve();
      });
    };
    const driveLater = async ({ seq, dueInMs }: { seq: number; dueInMs: number }): Promise<void> => {
      const branch = transaction.branches.find((each) => each.seq === seq)!;
      setbacks.set(seq, asOfNow(untouched(branch, dueInMs)));
      const alone = transaction.order === 'together' && branch.kind !== 'message';
      if (alone && (await drive.siblings.outlast(dueInMs))) await callBranch(branch);
    };
    const lanes = plan.lanes.map(async (lane) => {
      for (const group of lane) await driveGroup(group);
    });
    // behind the lanes, whose first calls are under way by now
    await Promise.all([...lanes, ...plan.later.map(driveLater)]);
    if (!lease.stands()) return 'elsewhere';
    if (setbacks.size > 0 || plan.parked > 0) {
      const left = [...setbacks.values()].map(stillDue);
      return (await this.handBack(lease, [...settled], left)) ? 'handed back' : 'elsewhere';
    }
    this.settle(lease, [...settled]);
    return 'settled';
  }

  /**
   * Calls a branch, and again when it is due as long as other calls of the drive are under way: one that hangs, for as
   * long as a call may take, must not delay what another one needs. The branch is at work among its siblings already,
   * and no longer when this ends.
   *
   * @returns undefined when the branch has settled
   */
  private async callUntilAlone(drive: Drive, branch: BranchRecord): Promise<BranchSetback | undefined> {
    const { lease, siblings } = drive;
    for (let current = branch; ;) {
      let setback;
      try {
        setback = await this.call(drive, current);
      } finally {
        siblings.leave();
      }
      if (setback?.dueInMs === undefined) return setback;
      const from = monotonicNow();
      const again = await siblings.outlast(setback.dueInMs);
      const waiting = { ...setback, dueInMs: Math.max(0, setback.dueInMs - (monotonicNow() - from)) };
      if (!again) return waiting;
      // Before the next call: the history of attempts is no guess. Where that fails the end of the drive tells.
      const recorded =
        lease.stands() && (await this.handBack(lease, [], [waiting], 'the drive goes on').catch(() => false));
      if (!recorded) {
        siblings.leave();
        return waiting;
      }
      const { attempts, postponements, alerted } = setback;
      current = { ...current, attempts, postponements, alerted };
    }
  }

  /** @returns undefined when the branch has settled */
  private async call(drive: Drive, branch: BranchRecord): Promise<BranchSetback | undefined> {
    const { transaction, lease, since, crowd } = drive;
    // A lapsed lease may be somebody else's by now: what is not called is simply due for them.
    if (!lease.stands()) return untouched(branch, 0);
    const { xid, baggage } = transaction;
    const phase = phaseOf(transaction, branch);
    const startedAt = monotonicNow();
    let leave: (() => void) | undefined;
    try {
      leave = crowd?.enter(branch.participant);
      const outcome = transaction.outcomes[branch.seq];
      const called = this.invoker.call({
        xid,
        branch,
        phase,
        baggage,
        result: phase === 'confirm' ? outcome?.result : undefined,
        answered: outcome?.answered === true,
        remainingMs: transaction.remainingMs - (startedAt - since),
        giveUpAt: startedAt + this.settings.callTimeoutMs,
      });
      await withTimeLimit(
        this.alarms,
        called,
        this.settings.callTimeoutMs,
        () => `${phase} of ${branch.participant}.${branch.method}`,
      );
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

  /** @returns whether the lease stood */
  private async handBack(
    lease: HeldLease,
    settled: readonly number[],
    setbacks: readonly BranchSetback[],
    goesOn?: 'the drive goes on',
  ): Promise<boolean> {
    const { xid, owner, epoch } = lease;
    await this.settings.faults('ledger.hand-back.sending', { xids: [xid] });
    const written = await this.ledger.handBack({
      xid,
      owner,
      epoch,
      settled,
      setbacks,
      instance: this.settings.instance,
      ...(goesOn ? { keepsLease: true } : {}),
    });
    await this.settings.faults('ledger.hand-back.done', { xids: [xid] });
    return written;
  }
}

/** What the calls of one drive have in common. */
interface Drive {
  readonly transaction: ClaimedTransaction;
  readonly lease: HeldLease;
  readonly since: Monotonic;
  readonly crowd: Crowd | undefined;
  readonly siblings: Siblings;
}

/** A setback, and when it was one. */
type Setback = BranchSetback & { readonly at: Monotonic };

const asOfNow = (setback: BranchSetback): Setback => ({ ...setback, at: monotonicNow() });

/** As it is to be written now: what waited for the end of the drive has waited. */
const stillDue = ({ at, ...setback }: Setback): BranchSetback =>
  setback.dueInMs === undefined
    ? setback
    : { ...setback, dueInMs: Math.max(0, setback.dueInMs - (monotonicNow() - at)) };

/** Left as it is, due at a time of its own. */
const untouched = ({ seq, attempts, postponements, alerted }: BranchRecord, dueInMs: number): BranchSetback => ({
  seq,
  attempts,
  postponements,
  alerted,
  dueInMs,
});
