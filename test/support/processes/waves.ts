import { setTimeout as pause } from 'node:timers/promises';
import { ChildApp } from './child-app.js';
import type { Told } from './process-plan.js';
import { AMOUNT, SCENARIOS, type Scenario } from './scenarios.js';
import { isOfOneTransaction, type Step, type WaveApp, type WavePlan, type WaveRow } from './wave-plan.js';

/** More would be more than two cores can start at a time. */
const PROCESSES_AT_ONCE = 2;
const APPS_PER_PROCESS = 30;
/** A process that has not come to where it should by then is killed all the same; its rows count as not reached. */
const PATIENCE_MS = 30_000;

/** Puts rows into applications: one that holds up its whole instance has one of its own. */
export function applicationsFor(
  rows: readonly WaveRow[],
  service: string,
  options: (scenario: Scenario) => WaveApp['options'],
): WaveApp[] {
  const apps: WaveRow[][] = [];
  for (const name of new Set(rows.map(({ scenario }) => scenario))) {
    const ofScenario = rows.filter(({ scenario }) => scenario === name);
    const closes = name === 'is shut down while confirming';
    const shares = ({ at }: WaveRow): boolean =>
      !closes && (at === 'decided' || (at !== undefined && isOfOneTransaction(at.point)));
    apps.push(...ofScenario.filter((row) => !shares(row)).map((row) => [row]));
    // What stands still may hold connections, and nobody may have to wait for one.
    const together = SCENARIOS[name].amount > AMOUNT ? 3 : 8;
    const sharing = ofScenario.filter(shares);
    for (let from = 0; from < sharing.length; from += together) apps.push(sharing.slice(from, from + together));
  }
  return apps.map((each, index) => ({
    service: `${service}-${index}`,
    rows: each,
    options: options(SCENARIOS[each[0]!.scenario]),
  }));
}

/** Processes full of applications, each of whose transactions is caught at a step, and which are killed then. */
export class Waves {
  /** Owners whose transaction came to where it was to be caught, by wave. */
  readonly reached = new Map<string, Set<string>>();
  readonly told = new Map<string, Told>();
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly databases: WavePlan['databases']) {}

  /**
   * Starts them, and kills each process when all its transactions are caught.
   *
   * @param isGone whether those of these owners cannot be caught any more, being done
   */
  async kill(
    wave: string,
    apps: readonly WaveApp[],
    isGone: (owners: string[]) => Promise<boolean> = () => Promise.resolve(false),
  ): Promise<void> {
    this.reached.set(wave, new Set());
    await this.eachProcess(apps, async (child, owners) => {
      child.send({ do: 'go' });
      await this.caught(wave, child, owners, isGone);
      await child.kill();
      for (const report of child.reports) if (report.said === 'row told') this.told.set(report.owner, report.told);
    });
  }

  /** Starts them in one process. @returns it, with all its transactions caught */
  async halt(wave: string, apps: readonly WaveApp[]): Promise<ChildApp> {
    this.reached.set(wave, new Set());
    const child = ChildApp.startWave({ databases: this.databases, apps });
    await child.said('ready');
    child.send({ do: 'go' });
    const owners = apps.flatMap(({ rows }) => rows.map(({ owner }) => owner));
    await this.caught(wave, child, owners, () => Promise.resolve(false));
    return child;
  }

  private async caught(
    wave: string,
    child: ChildApp,
    owners: readonly string[],
    isGone: (owners: string[]) => Promise<boolean>,
  ): Promise<void> {
    const reached = this.reached.get(wave)!;
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      for (const report of child.reports) if (report.said === 'frozen') reached.add(report.owner);
      const left = owners.filter((owner) => !reached.has(owner));
      if (left.length === 0 || performance.now() > end || (await isGone(left))) return;
      await pause(40);
    }
  }

  /**
   * Starts them and lets them end.
   *
   * @param ended resolves when there is nothing left to do
   * @returns the steps of each owner's transaction
   */
  async record(apps: readonly WaveApp[], ended: () => Promise<void>): Promise<Map<string, readonly Step[]>> {
    const found = new Map<string, readonly Step[]>();
    await this.eachProcess(apps, async (child, owners) => {
      child.send({ do: 'go' });
      const initiators = apps.flatMap(({ rows }) => rows.filter(({ xid }) => xid === undefined));
      const ours = initiators.filter(({ owner }) => owners.includes(owner));
      await Promise.all(ours.map(({ owner }) => child.said('row told', (report) => report.owner === owner)));
      await ended();
      child.send({ do: 'close' });
      await child.said('closed');
      for (const report of child.reports) if (report.said === 'steps') found.set(report.owner, report.steps);
      await child.exited;
    });
    return found;
  }

  private async eachProcess(
    apps: readonly WaveApp[],
    work: (child: ChildApp, owners: string[]) => Promise<void>,
  ): Promise<void> {
    const starts: Promise<void>[] = [];
    for (let from = 0; from < apps.length; from += APPS_PER_PROCESS) {
      const some = apps.slice(from, from + APPS_PER_PROCESS);
      starts.push(
        this.inTurn(async () => {
          const child = ChildApp.startWave({ databases: this.databases, apps: some });
          await child.said('ready');
          await work(
            child,
            some.flatMap(({ rows }) => rows.map(({ owner }) => owner)),
          );
          if (child.stderr !== '') throw new Error(child.stderr);
        }),
      );
    }
    await Promise.all(starts);
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    if (this.running >= PROCESSES_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }
}
