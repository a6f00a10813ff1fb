import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Ask, InstancePlan, Say } from '../app/protocol.js';
import type { InstanceSpec } from './topology.js';

const MAIN = fileURLToPath(new URL('../app/soak-process.main.js', import.meta.url));
/** As a supervisor does after a start that failed. */
const RESTART_MS = 300;
const KEPT_LINES = 30;

/** A process that ended though nobody ended it. */
export interface UnexpectedEnd {
  readonly instance: string;
  readonly how: string;
  readonly lastLines: readonly string[];
}

/** What instances report besides answers. */
export interface InstanceEvents {
  /** A line of the log, warnings and worse. */
  logged(instance: string, line: string): void;
  /** It could not start; it is tried again. */
  failedToStart(instance: string, lastLines: readonly string[]): void;
  ended(end: UnexpectedEnd): void;
}

type Question = Ask extends infer A ? (A extends Ask ? Omit<A, 'id'> : never) : never;
type Reply = Answer | { readonly lost: 'its process died' | 'not up' };

interface Life {
  readonly child: ChildProcess;
  readonly gone: Promise<void>;
  /** We end it, so its end is no surprise. */
  doomed: boolean;
  ready: boolean;
}

/** One instance of a service, over as many processes as it takes. */
export class Instance {
  private life: Life | undefined;
  private frozen = false;
  private closed = false;
  private starter: NodeJS.Timeout | undefined;
  private questions = 0;
  private readonly waiting = new Map<number, (reply: Reply) => void>();

  constructor(
    readonly spec: InstanceSpec,
    private readonly plan: InstancePlan,
    private readonly events: InstanceEvents,
  ) {}

  get name(): string {
    return this.spec.name;
  }
  /** Would answer, though perhaps not before it is continued. */
  get isUp(): boolean {
    return this.life?.ready === true && !this.life.doomed;
  }
  get isFrozen(): boolean {
    return this.frozen;
  }

  start(): void {
    if (this.life || this.closed) return;
    const child = fork(MAIN, [JSON.stringify(this.plan)], {
      execArgv: this.spec.steady ? ['--expose-gc'] : [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const lines: string[] = [];
    const exit = new Promise<string>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`)),
    );
    // what it said last is read by then
    const silent = new Promise<void>((resolve) => void child.once('disconnect', () => resolve()));
    const life: Life = { child, gone: Promise.all([exit, silent]).then(() => undefined), doomed: false, ready: false };
    this.life = life;
    let rest = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      const read = (rest + text).split('\n');
      rest = read.pop()!;
      for (const line of read) {
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        if (/^(WARN|ERROR|FATAL) /.test(line)) this.events.logged(this.name, line);
      }
    });
    child.on('message', (said: Say) => {
      if (said.said === 'ready') life.ready = true;
      else this.settle(said.id, said.answer);
    });
    child.on('error', () => undefined);
    void exit.then(async (how) => {
      await silent;
      this.over(life, how, lines);
    });
  }

  /** Never rejects. */
  ask(question: Question): Promise<Reply> {
    const { life } = this;
    if (!life?.ready || life.doomed) return Promise.resolve({ lost: 'not up' });
    const id = ++this.questions;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      life.child.send({ ...question, id }, () => undefined);
    });
  }

  /** SIGKILL. @returns whether there was something to kill */
  kill(restartAfterMs: number): boolean {
    return this.end('SIGKILL', restartAfterMs);
  }

  /** SIGTERM: it shuts down in order. @returns whether there was something to end */
  terminate(restartAfterMs: number): boolean {
    return this.end('SIGTERM', restartAfterMs);
  }

  /** SIGSTOP. @returns whether there was something to stop */
  freeze(): boolean {
    if (!this.isUp || this.frozen) return false;
    this.frozen = this.life!.child.kill('SIGSTOP');
    return this.frozen;
  }

  /** SIGCONT. */
  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    this.life?.child.kill('SIGCONT');
  }

  /** Kills it for good. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.starter);
    if (!this.life) return;
    this.life.doomed = true;
    this.life.child.kill('SIGKILL');
    await this.life.gone;
  }

  private end(signal: 'SIGKILL' | 'SIGTERM', restartAfterMs: number): boolean {
    const { life } = this;
    if (!life || life.doomed || (signal === 'SIGTERM' && (!life.ready || this.frozen))) return false;
    life.doomed = true;
    life.child.kill(signal);
    void life.gone.then(() => this.startIn(restartAfterMs));
    return true;
  }

  private over(life: Life, how: string, lines: readonly string[]): void {
    this.life = undefined;
    this.frozen = false;
    for (const id of this.waiting.keys()) this.settle(id, { lost: 'its process died' });
    if (life.doomed || this.closed) return;
    if (life.ready) this.events.ended({ instance: this.name, how, lastLines: lines });
    else this.events.failedToStart(this.name, lines);
    this.startIn(RESTART_MS);
  }

  private startIn(ms: number): void {
    clearTimeout(this.starter);
    if (!this.closed) this.starter = setTimeout(() => this.start(), ms);
  }

  private settle(id: number, reply: Reply): void {
    this.waiting.get(id)?.(reply);
    this.waiting.delete(id);
  }
}
