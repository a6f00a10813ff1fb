import type { FaultHook } from '../core/fault-point.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import { TurnoverMap } from '../core/turnover-map.js';
import type { LedgerPort } from '../ledger/ledger.port.js';
import type { Lease } from '../ledger/ledger.types.js';

/** A lease while this process drives its transaction. */
export interface HeldLease extends Lease {
  /** Whether a call may still be started: not lapsed on this process's clock, not lost to another driver. */
  stands(): boolean;
  /** Ends the renewal. */
  drop(): void;
}

interface Entry {
  readonly lease: Lease;
  until: Monotonic;
}

/**
 * Renews the leases of everything this process drives, all in one statement, until each drive stops.
 *
 * A lease is trusted for its length from *before* it was asked for: by the ledger's clock it always lasts longer.
 */
export class Leases {
  private readonly held = new TurnoverMap<string, Entry>();
  private timer: NodeJS.Timeout | undefined;
  private renewing: Promise<void> | undefined;

  constructor(
    private readonly ledger: Pick<LedgerPort, 'renew' | 'release'>,
    private readonly leaseMs: number,
    private readonly faults: FaultHook,
  ) {}

  /** @param askedAt when the write that took the lease was about to be sent. @returns undefined when this process drives it already */
  hold(lease: Lease, askedAt: Monotonic): HeldLease | undefined {
    if (this.held.has(lease.xid)) return undefined;
    const { xid, owner, epoch } = lease;
    const entry: Entry = { lease: { xid, owner, epoch }, until: askedAt + this.leaseMs };
    this.held.set(xid, entry);
    this.timer ??= this.schedule();
    return {
      xid,
      owner,
      epoch,
      stands: () => this.held.get(xid) === entry && monotonicNow() < entry.until,
      drop: () => {
        if (this.held.get(xid) === entry) this.held.delete(xid);
      },
    };
  }

  /** The transactions driven by this process. */
  xids(): readonly string[] {
    return [...this.held.keys()];
  }

  /** Stops renewing, and gives back what is still held, so that others take over at once. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.renewing;
    const leases = [...this.held.values()].map(({ lease }) => lease);
    this.held.clear();
    if (leases.length === 0) return;
    const xids = leases.map(({ xid }) => xid);
    await this.faults('ledger.release.sending', { xids });
    await this.ledger.release(leases);
    await this.faults('ledger.release.done', { xids });
  }

  private schedule(): NodeJS.Timeout {
    // three chances before it lapses
    return setTimeout(() => {
      this.renewing = this.renew().finally(() => {
        this.renewing = undefined;
        this.timer = this.timer && this.held.size > 0 ? this.schedule() : undefined;
      });
    }, this.leaseMs / 3).unref();
  }

  private async renew(): Promise<void> {
    const entries = [...this.held.values()];
    if (entries.length === 0) return;
    const askedAt = monotonicNow();
    try {
      await this.faults('ledger.renew.sending', { xids: entries.map(({ lease }) => lease.xid) });
      const renewed = await this.ledger.renew(
        entries.map(({ lease }) => lease),
        this.leaseMs,
      );
      for (const entry of entries) {
        // Another driver took over, or the row is locked for a moment: either way it stands as long as it did before,
        // since nobody can take over what has not run out by the ledger's clock, which is later than by ours.
        if (renewed.has(entry.lease.xid)) entry.until = askedAt + this.leaseMs;
      }
      await this.faults('ledger.renew.done', { xids: [...renewed] });
    } catch {
      // the ledger is away: the leases lapse on our own clock, and no call is started once they have
    }
  }
}
