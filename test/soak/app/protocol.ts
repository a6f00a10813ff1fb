import type { ServiceName } from '../world/topology.js';

/** What clients order. Each kind goes another way through the framework, see orders.ts. */
export const ORDER_KINDS = [
  'transfer',
  'parallel',
  'keyed',
  'by-hand',
  'fallback',
  'joined',
  'refused',
  'sequence',
  'nested',
  'follow',
  'slow',
] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

/** Kinds with an idempotency key, the order's id: a client may send them again. */
export const KEYED: ReadonlySet<OrderKind> = new Set(['keyed', 'by-hand']);

/** An amount moves from one bank to the other one. */
export interface Order {
  readonly id: string;
  readonly kind: OrderKind;
  readonly from: 'north' | 'south';
  readonly payer: string;
  readonly payee: string;
  readonly amount: number;
}

/** What an initiator returns: its transaction, and the tries and messages that are to take effect. */
export interface Receipt {
  readonly xid: string;
  readonly did: readonly string[];
  readonly at: Date;
  readonly amount: bigint;
  /** Of the transaction inside (REQUIRES_NEW). */
  readonly inner?: { readonly xid: string; readonly did: readonly string[] };
}

/** How an order ended, as the client was told. */
export type Told =
  /** `value`: a {@link Receipt} in the default codec's form, which shows every difference. */
  | { readonly ok: true; readonly value: string }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      /** Undefined: it has none, or the error does not know. */
      readonly xid: string | undefined;
    };

/** What an instance is started with. */
export interface InstancePlan {
  readonly instance: string;
  readonly service: ServiceName;
  /** URLs. */
  readonly databases: { readonly ledger: string; readonly third: string } & Readonly<
    Record<'north' | 'south' | 'points', string>
  >;
  /** How far its wall clock is off. */
  readonly clockShiftMs: number;
}

export type Ask =
  | { readonly do: 'order'; readonly id: number; readonly order: Order }
  | { readonly do: 'outcome'; readonly id: number; readonly xid: string }
  | { readonly do: 'measure'; readonly id: number };

/** How an instance is. */
export interface Measure {
  /** After a collection, all of it. */
  readonly heapBytes: number;
  /** The part of it that is compiled code: it grows for as long as the engine finds something to optimize. */
  readonly codeBytes: number;
  readonly externalBytes: number;
  readonly rssBytes: number;
  /** Orders that this process has answered. */
  readonly answered: number;
  /** Timers, sockets and the like. */
  readonly resources: number;
  /** Event-loop delay since the last measure, in milliseconds. */
  readonly loop: { readonly p50: number; readonly p99: number; readonly max: number };
}

export type Answer =
  | { readonly told: Told }
  | { readonly outcome: string | undefined }
  | { readonly measure: Measure }
  /** The question itself failed, for instance since the ledger is away. */
  | { readonly failed: string };

export type Say =
  { readonly said: 'ready' } | { readonly said: 'answer'; readonly id: number; readonly answer: Answer };
