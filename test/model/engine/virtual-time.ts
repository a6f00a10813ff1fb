import { AsyncResource } from 'node:async_hooks';
import { ModelProcess } from './model-process.js';

/** A timer as its process set it. */
export interface VirtualTimer {
  readonly name: string;
  readonly process: ModelProcess;
  readonly everyMs: number | undefined;
  readonly call: () => void;
  dueAt: number;
}

/** The clock of one execution, which stands still until somebody moves it, and the timers on it. */
export class VirtualTime {
  now = 0;
  private readonly timers = new Set<VirtualTimer>();
  private immediates: (() => void)[] = [];

  set(call: () => void, ms: number, everyMs?: number): VirtualTimer {
    const process = ModelProcess.current;
    const timer = {
      name: process.nameFor(everyMs === undefined ? `timer(${ms})` : `interval(${ms})`),
      process,
      everyMs,
      call: inContext(call),
      dueAt: this.now + Math.max(1, ms),
    };
    this.timers.add(timer);
    return timer;
  }

  clear(timer: VirtualTimer): void {
    this.timers.delete(timer);
  }

  soon(call: () => void): void {
    this.immediates.push(inContext(call));
  }

  /** Those of live processes. */
  get pending(): readonly VirtualTimer[] {
    return [...this.timers].filter(({ process }) => process.alive);
  }

  fire(timer: VirtualTimer): void {
    if (timer.everyMs === undefined) this.timers.delete(timer);
    else timer.dueAt = this.now + timer.everyMs;
    timer.call();
  }

  /** Runs everything that follows without anybody's choice. */
  async drain(): Promise<void> {
    do {
      const due = this.immediates;
      this.immediates = [];
      for (const call of due) call();
      // a tick comes when every microtask has run, and sooner than any turn of the event loop
      await new Promise<void>((resolve) => process.nextTick(resolve));
    } while (this.immediates.length > 0);
  }
}

/** `AsyncResource.bind` does the same at many times the price. */
function inContext(call: () => void): () => void {
  const resource = new AsyncResource('model');
  return () => resource.runInAsyncScope(call);
}
