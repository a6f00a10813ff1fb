import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import { LedgerFailure } from './ledger-failure.js';
import type {
  BeginAnswer,
  BeginWrite,
  DecideAnswer,
  DecideWrite,
  RegisterAnswer,
  RegisterWrite,
  SettleAnswer,
  SettleWrite,
  Skipped,
} from './ledger.types.js';

/** What is asked and what is answered, by kind of write. */
export interface WriteKinds {
  begin: { write: BeginWrite; answer: BeginAnswer };
  register: { write: RegisterWrite; answer: RegisterAnswer };
  decide: { write: DecideWrite; answer: DecideAnswer };
  settle: { write: SettleWrite; answer: SettleAnswer };
}

/** The four kinds of write, in the order of a flush. */
export const WRITE_KINDS = ['begin', 'register', 'decide', 'settle'] as const;
export type WriteKind = (typeof WRITE_KINDS)[number];

/** An answer that the caller gets to see. */
export type FinalAnswer<K extends WriteKind> = Exclude<WriteKinds[K]['answer'], Skipped>;

/** How long a write that nobody waits for may be kept back. */
export interface Laziness {
  readonly from: Monotonic;
  readonly until: Monotonic;
}

const AT_ONCE: Laziness = { from: 0, until: 0 };

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;

/** One write that waits for its answer, over as many sendings as it takes. */
export class PendingWrite<K extends WriteKind = WriteKind> {
  /** Not to be sent before. */
  notBefore: Monotonic = 0;
  /** Nobody waits for it: until `from` it waits for others of its kind, until `until` for a flush to go along with. */
  lazy = AT_ONCE;
  /** It has left in a flush at least once, so what it holds must not change any more. */
  sent = false;
  /** Sent without others of its xid: one of them was at fault. */
  alone = false;
  answered = false;
  inFlight = false;
  /** An earlier sending ended with an unknown outcome: it may yet take effect. */
  private mayHaveArrived = false;
  private setbacks = 0;
  private lastCause: unknown;

  constructor(
    readonly kind: K,
    readonly write: WriteKinds[K]['write'],
    /** When it is pointless to send it, whatever happens. */
    private readonly deadline: Monotonic,
    /** When its caller has waited long enough. */
    private readonly patienceEnd: Monotonic,
    private readonly resolve: (answer: FinalAnswer<K>) => void,
    private readonly reject: (failure: LedgerFailure) => void,
  ) {}

  /** Lazy no longer. */
  hurry(): void {
    this.lazy = AT_ONCE;
  }

  /** Whether it has waited long enough for others that are lazy as well: they all go then. */
  isRipe(now: Monotonic): boolean {
    return this.lazy !== AT_ONCE && this.lazy.from <= now;
  }

  /** Whether it may be sent in a flush that leaves now. @param ripe one of those that are lazy is */
  mayGo(now: Monotonic, ripe: boolean): boolean {
    return !this.inFlight && this.notBefore <= now && (ripe || this.lazy === AT_ONCE);
  }

  /** @param cause why this sending had no answer */
  unanswered(cause: LedgerFailure): void {
    this.lastCause = cause;
    if (cause.kind === 'unknown') this.mayHaveArrived = true;
  }

  /** Another transaction was in the way: again after a pause that doubles. */
  postpone(): void {
    this.notBefore = monotonicNow() + Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.setbacks, 16), LONGEST_PAUSE_MS);
    this.setbacks++;
  }

  answer(answer: FinalAnswer<K>): void {
    if (this.answered) return;
    this.answered = true;
    this.resolve(answer);
  }

  /** Rejects. A write that may have arrived is never told to have taken no effect. */
  fail(failure: LedgerFailure): void {
    if (this.answered) return;
    this.answered = true;
    this.reject(this.mayHaveArrived && failure.kind !== 'unknown' ? new LedgerFailure('unknown', failure) : failure);
  }

  /**
   * Gives up when the caller has waited long enough. What was never sent gets its one chance though the flush before it
   * took all the time, unless its transaction is over.
   */
  giveUpIfOver(now: Monotonic): void {
    if (this.inFlight || (now < this.deadline && (!this.sent || now < this.patienceEnd))) return;
    this.fail(new LedgerFailure('unavailable', this.lastCause ?? new Error('the ledger did not take it in time')));
  }
}

/** A pending write whose kind tells its types. */
export type AnyPendingWrite = { [K in WriteKind]: PendingWrite<K> }[WriteKind];
