/**
 * A refusal that the caller is meant to understand: the shop's own errors, as opposed to failures. Thrown by a try it
 * refuses the branch; over HTTP it is answered with its `code`.
 */
export abstract class ShopError extends Error {
  /** Stable, for programs. */
  abstract readonly code: string;

  readonly httpStatus: number = 409;

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** What a message may show of a value that a stranger has sent. */
export const quoted = (value: string): string => JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
