import type { Order, Receipt } from './app/protocol.js';

/** What a client saw, when, in milliseconds since the run began. `invoke` is followed by one of the others. */
export type Event = {
  readonly at: number;
  readonly client: number;
  readonly instance: string;
  readonly order: Order;
} & (
  | { readonly type: 'invoke' }
  /** `text`: the receipt as it came. `late`: the client had given up on it and counted it as unknown. */
  | { readonly type: 'ok'; readonly receipt: Receipt; readonly text: string; readonly late: boolean }
  /** Certainly not done, says the error. */
  | {
      readonly type: 'fail';
      readonly code: string;
      readonly message: string;
      readonly xid: string | undefined;
      readonly late: boolean;
    }
  /** Unknown: in doubt, in progress elsewhere, no answer in time, or whoever was asked is dead. */
  | { readonly type: 'info'; readonly code: string; readonly xid: string | undefined }
  /** What `tcc.outcome(xid)` said of an order in doubt. */
  | { readonly type: 'outcome'; readonly xid: string; readonly status: string | undefined }
);

/** Codes of errors after which a client does not know; everything else means that nothing of it takes effect. */
const UNKNOWN: ReadonlySet<string> = new Set(['TCC_IN_DOUBT', 'TCC_IN_PROGRESS']);

export const isUnknown = (code: string): boolean => UNKNOWN.has(code);

/** Everything that clients saw, in order. */
export class History {
  readonly events: Event[] = [];
  private readonly startedAt = performance.now();

  now(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  add(event: Event): void {
    this.events.push(event);
  }
}
