import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileForProcesses } from './compile.js';
import type { Command, CourierPlan, ProcessPlan, Report, Told, WaveCommand } from './process-plan.js';
import type { ScenarioName } from './scenarios.js';
import type { WavePlan } from './wave-plan.js';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An application in a process of its own, which can be stopped and killed. */
export class ChildApp {
  private static readonly running = new Set<ChildApp>();

  /** Everything it has said so far. */
  readonly reports: Report[] = [];
  readonly exited: Promise<Exit>;
  private errors = '';
  private ended = false;
  private watchers: (() => void)[] = [];
  private runs = 0;

  private constructor(private readonly child: ChildProcess) {
    ChildApp.running.add(this);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.reports.push(JSON.parse(line) as Report);
      for (const look of this.watchers.splice(0)) look();
    });
    // 'close' and not 'exit': what it said last has arrived by then
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.ended = true;
        ChildApp.running.delete(this);
        for (const look of this.watchers.splice(0)) look();
        resolve({ code, signal });
      });
    });
  }

  /** Starts one. Await `said('ready')`, or what else it is started for. */
  static start(plan: ProcessPlan): ChildApp {
    return this.fork('bank-process.main.js', plan);
  }

  /** Starts one with couriers instead of banks; it recovers, and that is all it does. */
  static startCouriers(plan: CourierPlan): ChildApp {
    return this.fork('courier-process.main.js', plan);
  }

  /** Starts one with many applications, see waves.ts. */
  static startWave(plan: WavePlan): ChildApp {
    return this.fork('wave-process.main.js', plan);
  }

  private static fork(file: string, plan: ProcessPlan | CourierPlan | WavePlan): ChildApp {
    const main = join(compileForProcesses(), 'test/support/processes', file);
    const child = fork(main, [JSON.stringify(plan)], {
      // not the flags of jest
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    return new ChildApp(child);
  }

  /** Kills what is still running; for `afterAll`. */
  static async killAll(): Promise<void> {
    await Promise.all([...this.running].map((process) => process.kill()));
  }

  get stderr(): string {
    return this.errors;
  }

  /** Resolves with the nth report of this kind, now or later. Rejects when the process ends before. */
  async said<K extends Report['said']>(
    kind: K,
    fits: (report: Extract<Report, { said: K }>) => boolean = () => true,
    nth = 1,
  ): Promise<Extract<Report, { said: K }>> {
    for (;;) {
      const found = this.reports.filter(
        (report): report is Extract<Report, { said: K }> =>
          report.said === kind && fits(report as Extract<Report, { said: K }>),
      );
      if (found[nth - 1]) return found[nth - 1]!;
      if (this.ended) throw new Error(`the process ended without having said '${kind}': ${this.errors}`);
      await new Promise<void>((resolve) => this.watchers.push(resolve));
    }
  }

  /** Runs a scenario's initiator. @returns what its caller was told; undefined when the process died before */
  async run(scenario: ScenarioName, owner: string): Promise<Told | undefined> {
    const id = ++this.runs;
    this.send({ do: 'run', id, scenario, owner });
    return this.said('told', (report) => report.id === id).then(
      ({ told }) => told,
      () => undefined,
    );
  }

  send(command: Command | WaveCommand): void {
    this.child.send(command, () => undefined);
  }

  /** SIGSTOP: not a step further until `go()`, and nothing in it notices. */
  stop(): void {
    this.child.kill('SIGSTOP');
  }

  go(): void {
    this.child.kill('SIGCONT');
  }

  /** SIGTERM. */
  terminate(): void {
    this.child.kill('SIGTERM');
  }

  /** SIGKILL; resolves when it is dead. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
