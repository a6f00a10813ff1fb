import type { Phase } from 'nestjs-tcc';
import { ModelProcess } from '../engine/model-process.js';
import type { Budget } from './budget.js';
import type { EventSource, ModelEvent } from './event.js';
import type { Names } from './names.js';
import type { Effect, Wallets } from './wallet.js';
import { sorted } from './sorted.js';

interface Request {
  readonly name: string;
  readonly process: ModelProcess;
  readonly effect: Effect;
  /** A try arrives by then or never: what its time limit promises. */
  readonly arrivesBy: number;
  state: 'sent' | 'done' | 'hung';
  abandoned: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Somebody else's API without barrier. It knows its callers' idempotency keys, so that a confirm or cancel that comes
 * twice has one effect; a try that comes late it cannot know.
 */
export class ThirdParty implements EventSource {
  private requests: Request[] = [];
  /** Per key: the last phase that took effect. */
  private readonly known = new Map<string, Phase>();

  constructor(
    private readonly wallets: Wallets,
    private readonly names: Names,
    private readonly budget: Budget,
    private readonly time: { readonly now: number },
  ) {}

  call(effect: Effect, limitMs: number): Promise<void> {
    const process = ModelProcess.current;
    const name = process.nameFor(`api ${effect.phase} ${this.names.in(effect.key)}#`);
    const arrivesBy = effect.phase === 'try' ? this.time.now + limitMs : Infinity;
    return new Promise((resolve, reject) => {
      this.requests.push({ name, process, effect, arrivesBy, state: 'sent', abandoned: false, resolve, reject });
    });
  }

  isUsedBy(process: ModelProcess): boolean {
    return this.requests.some((request) => request.process === process && !request.abandoned);
  }

  crash(process: ModelProcess): void {
    for (const request of this.requests) if (request.process === process) request.abandoned = true;
  }

  events(): readonly ModelEvent[] {
    return this.requests.flatMap((request) => this.eventsOf(request));
  }

  moments(): readonly number[] {
    return this.requests.filter(({ state }) => state === 'sent').map(({ arrivesBy }) => arrivesBy);
  }

  digest(): string {
    return JSON.stringify([
      sorted(this.known),
      this.requests.map(({ name, state, abandoned, arrivesBy }) => [name, state, abandoned, arrivesBy]),
    ]);
  }

  private eventsOf(request: Request): ModelEvent[] {
    const { name, process, state, abandoned, effect, arrivesBy } = request;
    const inTime = this.time.now < arrivesBy;
    const events: ModelEvent[] = [];
    if (state === 'sent' && inTime)
      events.push({
        label: `arrive ${name}`,
        required: !abandoned,
        reads: ['ledger'],
        writes: [name, effect.wallet],
        perform: () => this.arrive(request),
      });
    if (abandoned) return events;
    const writes = [name, process.name];
    if (state === 'done')
      events.push({ label: `answer ${name}`, required: true, writes, perform: () => this.answer(request) });
    if (this.budget.allows('losses') && state !== 'hung')
      events.push({
        label: `lose ${name}`,
        required: false,
        writes: [...writes, 'faults'],
        perform: () => this.lose(request),
      });
    if (this.budget.allows('hangs') && state === 'done')
      events.push({
        label: `hang ${name}`,
        required: false,
        writes: [...writes, 'faults'],
        perform: () => this.hang(request),
      });
    return events;
  }

  private arrive(request: Request): void {
    const { effect } = request;
    const last = this.known.get(effect.key);
    // without a hold there is nothing to confirm or to give back, and a second time changes nothing
    if (effect.phase === 'try' ? last === undefined || last === 'cancel' : last === 'try') {
      this.wallets.of(effect.wallet).apply(effect);
      this.known.set(effect.key, effect.phase);
    } else if (effect.phase === 'cancel' && last === undefined) this.known.set(effect.key, 'cancel');
    request.state = 'done';
    if (request.abandoned) this.remove(request);
  }

  private answer(request: Request): void {
    this.remove(request);
    request.process.note(`${request.name} done`);
    request.resolve();
  }

  private lose(request: Request): void {
    this.budget.spend('losses');
    request.abandoned = true;
    if (request.state === 'done') this.remove(request);
    request.process.note(`${request.name} lost`);
    request.reject(new Error('the connection was lost'));
  }

  private hang(request: Request): void {
    this.budget.spend('hangs');
    request.state = 'hung';
  }

  private remove(request: Request): void {
    this.requests = this.requests.filter((other) => other !== request);
  }
}
