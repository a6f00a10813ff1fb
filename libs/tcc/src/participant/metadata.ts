import 'reflect-metadata';
import type { Duration } from '../core/duration.js';
import type { Propagation } from '../core/propagation.js';
import type { PhaseTwoOrder } from '../ledger/ledger.types.js';
import type { WiringMistake } from '../errors/wiring.error.js';
import type { TryParameters } from './parameters.js';

/**
 * Options of `@Participant()`.
 *
 * @publicApi
 */
export interface ParticipantOptions {
  /** Name of the TypeORM DataSource that holds its rows; omitted: the default one. `false`: no database, no barrier. */
  readonly dataSource?: string | false;
  /**
   * `'database'` promises that its methods touch nothing but what a rollback of the DataSource undoes. The registration
   * of a branch may then overlap with the try, whose COMMIT waits for it; and try, confirm and cancel are started before
   * the barrier has answered: where they must not run (a late try, a confirm that is done already), what they did is
   * rolled back.
   */
  readonly effects?: 'database';
}

/**
 * Options of `@Try()`.
 *
 * @publicApi
 */
export interface TryOptions {
  /** What the ledger stores; default: the name of the method. Keep it when the method is renamed. */
  readonly name?: string;
  /** `false`: a saga step: the try takes effect at once and there is nothing to confirm. */
  readonly confirm?: false;
  /** `false`: there is nothing to cancel. */
  readonly cancel?: false;
  /**
   * How long a try may be under way; `tcc.branch.signal` aborts then. Required for participants with
   * `dataSource: false`, whose late tries nobody can refuse: such a try fails at its limit, and unless it has returned
   * its cancel waits until the deadline and the limit have passed. An error it throws is no answer: the third party may
   * still be at work.
   */
  readonly timeLimit?: Duration;
}

/**
 * Options of `@Message()`.
 *
 * @publicApi
 */
export interface MessageOptions {
  /** What the ledger stores; default: the name of the method. */
  readonly name?: string;
}

/**
 * Options of `@Cancel()`.
 *
 * @publicApi
 */
export interface CancelOptions {
  /** Call it although the try took no effect in the database: for tries with effects outside of it. */
  readonly evenIfNotTried?: boolean;
}

/** Options of a global transaction that are the same for every call. */
export interface GlobalTransactionSettings {
  /** Default: `Class.method`. Idempotency keys are unique per service and name. */
  readonly name?: string;
  /** From the start of the method to its deadline; default: the module's. */
  readonly timeout?: Duration;
  /** Default: `REQUIRED`. */
  readonly propagation?: Propagation;
  /** Default: `together`. */
  readonly order?: PhaseTwoOrder;
  /** Whether the call returns when phase two was tried (`inline`) or right after the decision; default: the module's. */
  readonly phaseTwo?: 'inline' | 'background';
}

/** Options of `@GlobalTransaction()` as the decorator stores them. */
export interface StoredGlobalOptions extends GlobalTransactionSettings {
  readonly key?: (...args: unknown[]) => string | undefined;
  readonly fingerprint?: (...args: unknown[]) => unknown;
}

/**
 * What a decorator says of a method. `parameters` of a confirm: those of its try as the class that declares the confirm
 * sees it; a subclass may override the try with more or fewer.
 */
export type MethodRole =
  | { readonly role: 'try'; readonly options: TryOptions; readonly parameters: TryParameters }
  | { readonly role: 'message'; readonly options: MessageOptions }
  | { readonly role: 'confirm'; readonly of: string; readonly parameters?: TryParameters | undefined }
  | { readonly role: 'cancel'; readonly of: string; readonly options: CancelOptions }
  | { readonly role: 'global'; readonly options: StoredGlobalOptions };

// Symbol.for: two copies of the library in a process (ES module beside CommonJS) must read each other's marks.
const ROLE = Symbol.for('nestjs-tcc:method-role');
const PARTICIPANT = Symbol.for('nestjs-tcc:participant');
const MISTAKES = Symbol.for('nestjs-tcc:decorator-mistakes');

/** What `@Participant()` says of a class. */
export interface ParticipantMark {
  readonly name: string;
  readonly options: ParticipantOptions;
}

export const setRole = (method: object, role: MethodRole): void => Reflect.defineMetadata(ROLE, role, method);

export const roleOf = (method: unknown): MethodRole | undefined =>
  typeof method === 'function' ? (Reflect.getMetadata(ROLE, method) as MethodRole | undefined) : undefined;

export const setParticipant = (target: object, mark: ParticipantMark): void =>
  Reflect.defineMetadata(PARTICIPANT, mark, target);

/** Inherited: a subclass without the decorator of its own is the same participant. */
export const participantOf = (target: object): ParticipantMark | undefined =>
  Reflect.getMetadata(PARTICIPANT, target) as ParticipantMark | undefined;

/** Kept until boot, where all mistakes are reported together. */
export function recordMistake(target: object, mistake: WiringMistake): void {
  const mistakes = (Reflect.getOwnMetadata(MISTAKES, target) as WiringMistake[] | undefined) ?? [];
  Reflect.defineMetadata(MISTAKES, [...mistakes, mistake], target);
}

export const mistakesOf = (target: object): readonly WiringMistake[] =>
  (Reflect.getOwnMetadata(MISTAKES, target) as WiringMistake[] | undefined) ?? [];
