/** A service of the shop, elsewhere, as far as it answers questions outside any transaction. */
export interface Place {
  /** @throws PlaceUnavailableError */
  ask<Answer>(question: string, about: object): Promise<Answer>;

  /** Resolves when it works, its database included. @throws PlaceUnavailableError */
  ping(): Promise<void>;
}

/** An answer that takes longer is none. */
export const ANSWERS_WITHIN_MS = 5_000;

/** Message pattern of a question; on a broker another shop must not hear it. */
export const patternOf = (service: string, question: string): string => `${service}.${question}`;
