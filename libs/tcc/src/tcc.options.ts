import type { PoolConfig } from 'pg';
import type { PayloadCodec } from './core/codec/payload-codec.js';
import type { Duration } from './core/duration.js';
import type { FaultHook } from './core/fault-point.js';
import type { SigningKey } from './core/wire/signature.js';
import type { BarrierPort } from './barrier/barrier.port.js';
import type { LedgerPort } from './ledger/ledger.port.js';

/**
 * Where the ledger is: a TypeORM DataSource whose connection settings it takes (it opens a pool of its own), settings
 * for `pg`, or a ledger of your own (tests). `schema`: where its tables are; default: what the role's `search_path` says.
 *
 * @publicApi
 */
export type LedgerLocation =
  | { readonly dataSource?: string; readonly schema?: string }
  | { readonly connection: PoolConfig; readonly schema?: string }
  | { readonly port: LedgerPort };

/**
 * Recovery, in each instance.
 *
 * @publicApi
 */
export interface RecoveryOptions {
  /** Pause between looks at the ledger, jittered by half; default `'1s'`. */
  readonly poll?: Duration;
  /** How many transactions this instance drives at a time; default 50. */
  readonly concurrency?: number;
}

/**
 * How calls of participants between applications are trusted.
 *
 * @publicApi
 */
export interface RemoteOptions {
  /**
   * Secrets that all applications share. The first one signs, each is accepted: to change a secret, add the new one
   * behind the old one everywhere, then put it first everywhere, then drop the old one.
   */
  readonly keys?: readonly SigningKey[];
  /** How far the time of signing may be from the receiver's clock; default `'1m'`. */
  readonly window?: Duration;
  /** Accepts calls that nobody signed. For networks where nobody else can reach this application. */
  readonly insecure?: boolean;
}

/**
 * Options of `TccModule.forRoot()`.
 *
 * @publicApi
 */
export interface TccModuleOptions {
  /** Name of this service: its instances share the work, and idempotency keys are unique within it. */
  readonly service: string;
  /**
   * Default: the default DataSource's database. `false`: this application only has participants that others call; it
   * begins no global transaction and recovers none.
   */
  readonly ledger?: LedgerLocation | false;
  /** Calls of participants between applications. Without keys none of this application's can be called by others. */
  readonly remote?: RemoteOptions;
  /** `'run'` (default) migrates the ledger's and the barriers' tables at boot; `'check'` refuses to boot when they do not fit. */
  readonly migrations?: 'run' | 'check';
  /** From the start of an initiator to its deadline; default `'30s'`. */
  readonly timeout?: Duration;
  /** `'inline'` (default): a call returns when phase two was tried. `'background'`: right after the decision. */
  readonly phaseTwo?: 'inline' | 'background';
  /** The longest that `'inline'` waits for phase two; default `'10s'`. */
  readonly phaseTwoWait?: Duration;
  /** How long one confirm or cancel may take before it counts as failed; default `'1m'`. */
  readonly callTimeout?: Duration;
  /** How long a driver may be silent before another instance takes its transaction over; default `'30s'`. */
  readonly lease?: Duration;
  /** How long a call waits for a ledger that does not answer; default `'5s'`. */
  readonly ledgerTimeout?: Duration;
  /** `false`: this instance settles what it starts and nothing else. */
  readonly recovery?: RecoveryOptions | false;
  /**
   * How long a settled transaction is kept before it is removed, with its branches, its attempts and its idempotency
   * key: `'720h'` for 30 days. From one minute to ten years; default `false`, for ever.
   */
  readonly retention?: Duration | false;
  /** Pauses between attempts of a confirm or cancel; default from `'1s'`, doubling up to `'5m'`, with full jitter. */
  readonly retry?: { readonly initial?: Duration; readonly cap?: Duration };
  /** How long shutdown waits for what is under way; default `'10s'`. */
  readonly drain?: Duration;
  /** Largest argument list or result, in bytes; default 262 144. */
  readonly maxPayloadBytes?: number;
  /** Default: keeps Date, bigint, undefined, Map, Set, typed arrays and Buffer. */
  readonly codec?: PayloadCodec;
  /** Name of this instance in the history of attempts; default: host name and process id. */
  readonly instance?: string;
  /** Tests only: replaces the barrier of every participant that has a DataSource. */
  readonly barrier?: BarrierPort;
  /** Tests only: called at each named step, see `FAULT_POINTS`. */
  readonly faults?: FaultHook;
}
