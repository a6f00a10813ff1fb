import { codeOfError } from '../../../libs/tcc/src/core/describe-error.js';
import type { ModelProcess } from '../engine/model-process.js';
import type { EventSource, ModelEvent } from './event.js';
import type { Instance } from './instance.js';
import { PARTICIPANTS } from './participants.js';
import type { Aside, Bench, Request, Told } from './scenario.js';

interface Waiting {
  readonly name: string;
  readonly process: ModelProcess;
  readonly go: () => void;
}

/** What callers asked of the instances, and what they were told. */
export class Requests implements EventSource {
  readonly told: Told[] = [];
  readonly asides: Aside[] = [];
  private readonly underWay = new Map<number, ModelProcess>();
  private waiting: Waiting[] = [];

  constructor(private readonly tell: (told: Told) => void) {}

  start(request: number, { run }: Request, { process, tcc }: Instance): void {
    this.underWay.set(request, process);
    const own = new Set<unknown>();
    const ended = (how: Pick<Told, 'returned' | 'value' | 'code' | 'xid'> & { readonly error?: unknown }): void => {
      const { error, ...rest } = how;
      const told = { request, instance: process.name, own: own.has(error), ...rest };
      this.underWay.delete(request);
      this.told.push(told);
      this.tell(told);
    };
    const bench: Bench = {
      ...PARTICIPANTS,
      tcc,
      step: (name) => new Promise((go) => this.waiting.push({ name: process.nameFor(name), process, go })),
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      transaction: (body, options = {}) =>
        tcc.run({ name: 'transfer', ...options }, async () => {
          try {
            return await body();
          } catch (error) {
            own.add(error);
            throw error;
          }
        }),
      beyond: async (expected, work) => {
        const code = await work.then(() => undefined, codeOfError);
        this.asides.push({ expected, code });
      },
    };
    process.run(() => {
      run(bench).then(
        (value) => ended({ returned: true, value, code: undefined, xid: undefined }),
        (error: unknown) =>
          ended({ returned: false, value: undefined, code: codeOfError(error), xid: tcc.xidOf(error), error }),
      );
    });
  }

  isUsedBy(process: ModelProcess): boolean {
    return [...this.underWay.values()].includes(process) || this.waiting.some((waiting) => waiting.process === process);
  }

  crash(process: ModelProcess): void {
    for (const [request, by] of this.underWay) if (by === process) this.underWay.delete(request);
    this.waiting = this.waiting.filter((waiting) => waiting.process !== process);
  }

  events(): readonly ModelEvent[] {
    return this.waiting.map((waiting) => ({
      label: `step ${waiting.name}`,
      required: true,
      writes: [waiting.process.name],
      perform: () => {
        this.waiting = this.waiting.filter((other) => other !== waiting);
        waiting.process.note(waiting.name);
        waiting.go();
      },
    }));
  }

  digest(): string {
    return JSON.stringify([this.told, this.asides]);
  }
}
