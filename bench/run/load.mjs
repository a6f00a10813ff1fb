import { ACCOUNTS } from '../workload/sql.mjs';

const account = () => 1 + Math.floor(Math.random() * ACCOUNTS);

/**
 * A closed loop: `concurrency` callers, each of which begins its next transfer when it has the answer to the last.
 * Transfers count from the moment that `record` is switched on, by when they settled.
 */
export class Load {
  /** Milliseconds from the start of a transfer until the caller's answer and until both sides had confirmed. */
  answered = [];
  settled = [];
  /** All that were begun and answered, before and after the recording too. */
  total = 0;
  record = false;

  #unsettled = 0;
  #stopping = false;
  #failure;
  #callers = [];

  /** @param {import('../modes/modes.mjs').Subject} subject */
  constructor(subject, concurrency) {
    this.#callers = Array.from({ length: concurrency }, () => this.#call(subject));
  }

  /** Lets every transfer under way settle. @throws what a transfer threw */
  async stop() {
    this.#stopping = true;
    await Promise.all(this.#callers);
    if (this.#failure !== undefined) throw this.#failure;
    const giveUpAt = performance.now() + 60_000;
    while (this.#unsettled > 0 && performance.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.#unsettled > 0) throw new Error(`${this.#unsettled} transfers did not settle`);
  }

  async #call(subject) {
    while (!this.#stopping) {
      const startedAt = performance.now();
      this.#unsettled++;
      const settled = () => {
        this.#unsettled--;
        if (this.record) this.settled.push(performance.now() - startedAt);
      };
      try {
        await subject.transfer({ from: account(), to: account() }, settled);
      } catch (error) {
        this.#failure ??= error;
        this.#stopping = true;
        return;
      }
      this.total++;
      if (this.record) this.answered.push(performance.now() - startedAt);
      if (!subject.settlesLater) settled();
    }
  }
}
