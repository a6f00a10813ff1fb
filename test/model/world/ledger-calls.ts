import { LedgerFailure, type LedgerPort } from 'nestjs-tcc';
import type { ModelProcess } from '../engine/model-process.js';
import type { Budget } from './budget.js';
import type { EventSource, ModelEvent } from './event.js';
import type { LedgerStore } from './ledger-store.js';
import type { Names } from './names.js';

type Method = 'flush' | 'claim' | 'branches' | 'renew' | 'release' | 'handBack' | 'find';
type Outcome = { readonly value: unknown } | { readonly failure: unknown };

/** A call of the ledger between its process and the store. `adrift`: nobody waits for it, and it may yet take effect. */
export interface LedgerCall {
  readonly name: string;
  readonly process: ModelProcess;
  readonly method: Method;
  readonly args: readonly unknown[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: unknown) => void;
  state: 'sent' | 'applied' | 'adrift';
  outcome?: Outcome;
}

/** Told before and after each call took effect. */
export interface LedgerWatch {
  before(call: LedgerCall): void;
  after(call: LedgerCall, outcome: Outcome): void;
}

/** The way between processes and ledger: a call takes effect at one moment, and its answer arrives at another, or not. */
export class LedgerCalls implements EventSource {
  private calls: LedgerCall[] = [];

  constructor(
    private readonly store: LedgerStore,
    private readonly names: Names,
    private readonly budget: Budget,
    private readonly watch: LedgerWatch,
    private readonly barrierRows: () => readonly string[],
  ) {}

  /** The ledger as one process sees it. */
  portOf(process: ModelProcess): LedgerPort {
    const via =
      (method: Method) =>
      (...args: readonly unknown[]): Promise<never> =>
        new Promise<unknown>((resolve, reject) => {
          const name = `${process.nameFor(method)}${kindsOf(method, args)}`;
          if (method === 'flush') this.nameTransactions(args[0] as FlushArg, process);
          this.calls.push({ name, process, method, args, resolve, reject, state: 'sent' });
        }) as Promise<never>;
    const idle = (): Promise<void> => Promise.resolve();
    return {
      flush: via('flush'),
      claim: via('claim'),
      branches: via('branches'),
      renew: via('renew'),
      release: via('release'),
      handBack: via('handBack'),
      find: via('find'),
      open: idle,
      close: idle,
      ping: idle,
      backlog: () => Promise.reject(new Error('not modelled')),
      purge: () => Promise.reject(new Error('not modelled')),
      onRelease: () => Promise.resolve(idle),
    };
  }

  isUsedBy(process: ModelProcess): boolean {
    return this.calls.some((call) => call.process === process && call.state !== 'adrift');
  }

  /** What it asked may yet take effect; the answers reach nobody. */
  crash(process: ModelProcess): void {
    for (const call of this.calls) if (call.process === process && call.state === 'sent') call.state = 'adrift';
    this.calls = this.calls.filter((call) => call.process !== process || call.state === 'adrift');
  }

  events(): readonly ModelEvent[] {
    const canLose = this.budget.allows('losses');
    return this.calls.flatMap((call) => {
      const { name, process, state } = call;
      const apply: ModelEvent = {
        label: `apply ${name}`,
        required: state === 'sent',
        reads: this.barrierRows(),
        writes: ['ledger', name],
        perform: () => this.apply(call),
      };
      if (state === 'adrift') return [apply];
      const answer: ModelEvent = {
        label: `answer ${name}`,
        required: true,
        writes: [process.name, name],
        perform: () => this.answer(call),
      };
      const lose: ModelEvent = {
        label: `lose ${name}`,
        required: false,
        writes: [process.name, name, 'faults'],
        perform: () => this.lose(call),
      };
      return [state === 'sent' ? apply : answer, ...(canLose ? [lose] : [])];
    });
  }

  digest(): string {
    return JSON.stringify(
      this.calls.map(({ name, args, state, outcome }) => [name, state, args, outcome && textOf(outcome)]),
    );
  }

  private async apply(call: LedgerCall): Promise<void> {
    const { process, method, args } = call;
    this.watch.before(call);
    const ask = this.store.port[method] as (...args: unknown[]) => Promise<unknown>;
    // the store is nobody's: what it does for a dead process happens all the same
    const outcome = await process.run(() =>
      ask.apply(this.store.port, [...args]).then(
        (value) => ({ value }),
        (failure: unknown) => ({ failure }),
      ),
    );
    this.watch.after(call, outcome);
    if (call.state === 'adrift') this.remove(call);
    else Object.assign(call, { state: 'applied', outcome });
  }

  private answer(call: LedgerCall): void {
    const outcome = call.outcome!;
    this.remove(call);
    call.process.note(this.names.in(`${call.name}=${textOf(outcome)}`));
    if ('value' in outcome) call.resolve(outcome.value);
    else call.reject(outcome.failure);
  }

  private lose(call: LedgerCall): void {
    this.budget.spend('losses');
    if (call.state === 'sent') call.state = 'adrift';
    else this.remove(call);
    call.process.note(`${call.name} lost`);
    call.reject(new LedgerFailure('unknown', new Error('the connection was lost')));
  }

  private remove(call: LedgerCall): void {
    this.calls = this.calls.filter((other) => other !== call);
  }

  private nameTransactions({ begins }: FlushArg, process: ModelProcess): void {
    for (const { xid } of begins) this.names.name(xid, process.name);
  }
}

type FlushArg = Parameters<LedgerPort['flush']>[0];

/** So that a trace can be read: which kinds of write a flush carries. */
function kindsOf(method: Method, [first]: readonly unknown[]): string {
  if (method !== 'flush') return '';
  const { begins, registers, decides, settles } = first as FlushArg;
  const kinds = [
    ...(begins.length > 0 ? ['begin'] : []),
    ...(registers.length > 0 ? ['register'] : []),
    ...decides.map(({ to }) => to),
    ...(settles.length > 0 ? ['settle'] : []),
  ];
  return `(${kinds.join('+')})`;
}

const textOf = (outcome: Outcome): string =>
  JSON.stringify(outcome, (_, value: unknown) =>
    value instanceof Set ? [...value] : value instanceof LedgerFailure ? value.kind : value,
  );
