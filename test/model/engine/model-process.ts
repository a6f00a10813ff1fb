import { AsyncLocalStorage } from 'node:async_hooks';

const running = new AsyncLocalStorage<ModelProcess>();

/**
 * One process of the model. It is deterministic: what it does next follows from what was delivered to it, so its log of
 * deliveries stands for its local state.
 */
export class ModelProcess {
  alive = true;
  private readonly log: string[] = [];
  private readonly counters = new Map<string, number>();

  constructor(
    readonly name: string,
    private readonly time: { readonly now: number },
  ) {}

  /** The one whose code runs now. */
  static get current(): ModelProcess {
    const process = running.getStore();
    if (process === undefined) throw new Error('this runs in no process of the model');
    return process;
  }

  run<T>(work: () => T): T {
    return running.run(this, work);
  }

  /** A name that is the same in every execution in which the same was delivered. */
  nameFor(what: string): string {
    const number = (this.counters.get(what) ?? 0) + 1;
    this.counters.set(what, number);
    return `${this.name}.${what}${number}`;
  }

  /** Says that something was delivered to it. */
  note(entry: string): void {
    this.log.push(`${this.time.now}:${entry}`);
  }

  /** Nothing of it ever continues: what waits for an answer does not get one, no timer of it fires. */
  crash(): void {
    this.alive = false;
    this.log.length = 0;
  }

  /**
   * How it got where it is. A dead one is as dead as any other.
   *
   * @param inOrder false: what arrived at one moment of the clock counts as the same in whichever order it came
   */
  history(inOrder: boolean): string {
    if (!this.alive) return '';
    return `${this.name}:${(inOrder ? this.log : this.log.toSorted()).join(';')}`;
  }
}
