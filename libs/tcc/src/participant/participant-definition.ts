import type { Duration } from '../core/duration.js';
import type { ParticipantOptions } from './metadata.js';

/**
 * A try without decorators. `confirm` and `cancel` get what `@Confirm()` and `@Cancel()` would; `false` says that the
 * phase is absent on purpose.
 *
 * @publicApi
 */
export interface TryDefinition<A extends readonly unknown[], R> {
  readonly try: (...args: A) => Promise<R>;
  readonly confirm: ((...args: [...A, Awaited<R>]) => void | Promise<void>) | false;
  readonly cancel: ((...args: A) => void | Promise<void>) | false;
  /** As of `@Try()`. */
  readonly timeLimit?: Duration;
  /** As of `@Cancel()`. */
  readonly evenIfNotTried?: boolean;
}

/**
 * A message without decorators.
 *
 * @publicApi
 */
export interface MessageDefinition<A extends readonly unknown[]> {
  readonly message: (...args: A) => void | Promise<void>;
}

/** Either, with the parameters erased: every method fits `never` parameters. */
export type AnyDefinition =
  | {
      readonly try: (...args: never[]) => Promise<unknown>;
      readonly confirm: ((...args: never[]) => void | Promise<void>) | false;
      readonly cancel: ((...args: never[]) => void | Promise<void>) | false;
      readonly timeLimit?: Duration;
      readonly evenIfNotTried?: boolean;
    }
  | MessageDefinition<never[]>;

/**
 * A participant without decorators: hand it to `tcc.register()`, call it with `tcc.branch()`.
 *
 * @publicApi
 */
export interface ParticipantDefinition<T extends Record<string, AnyDefinition> = Record<string, AnyDefinition>> {
  /** Stable: it is what the ledger stores. */
  readonly name: string;
  readonly options: ParticipantOptions;
  /** By stable name. */
  readonly tries: T;
}

/** The arguments that a definition's try (or message) takes. */
export type ArgumentsOf<D> = D extends { readonly try: (...args: infer A) => unknown }
  ? A
  : D extends { readonly message: (...args: infer A) => unknown }
    ? A
    : never;

/** What a definition's try resolves to. */
export type ResultOf<D> = D extends { readonly try: (...args: never[]) => Promise<infer R> } ? R : void;

/**
 * Ties the parameters of a try to those of its confirm and cancel, for the compiler.
 *
 * @publicApi
 */
export const defineTry = <A extends readonly unknown[], R>(definition: TryDefinition<A, R>): TryDefinition<A, R> =>
  definition;

/**
 * Defines a participant without decorators.
 *
 * @param tries made by {@link defineTry}, or `{ message }`
 * @publicApi
 */
export const defineParticipant = <T extends Record<string, AnyDefinition>>(
  name: string,
  options: ParticipantOptions,
  tries: T,
): ParticipantDefinition<T> => ({ name, options, tries });
