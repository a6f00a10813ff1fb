import { RetryLaterError } from '../errors/retry-later.error.js';

/** Calls under way by participant, so that one that does not answer cannot pile them up without end. */
export class Crowd {
  private readonly calls = new Map<string, number>();

  /** @param most of one participant */
  constructor(private readonly most: number) {}

  /**
   * @returns to be called at the end of the call
   * @throws RetryLaterError when as many as there may be are under way
   */
  enter(participant: string): () => void {
    const before = this.calls.get(participant) ?? 0;
    if (before >= this.most)
      throw new RetryLaterError(undefined, `${before} calls of participant '${participant}' are waiting for an answer`);
    this.calls.set(participant, before + 1);
    return () => {
      const left = (this.calls.get(participant) ?? 1) - 1;
      if (left > 0) this.calls.set(participant, left);
      else this.calls.delete(participant);
    };
  }
}
