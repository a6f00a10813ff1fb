// Entry of a child process: many applications, each of whose transactions is caught at a step, see waves.ts.
import { AsyncLocalStorage } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import type { FaultHook } from 'nestjs-tcc';
import type { BankDatabases } from '../bank/bank-app.js';
import { Freezer } from './freezer.js';
import type { Report, WaveCommand } from './process-plan.js';
import { startScenario, type ScenarioApp } from './scenario-app.js';
import { isOfOneTransaction, type WaveApp, type WavePlan, type WaveRow } from './wave-plan.js';

const plan = JSON.parse(process.argv[2] ?? '{}') as WavePlan;
const database = (url: string): BankDatabases['ledger'] => ({ name: '', url, drop: async () => undefined });
const databases: BankDatabases = {
  ledger: database(plan.databases.ledger),
  north: database(plan.databases.north),
  south: database(plan.databases.south),
  drop: async () => undefined,
};

const say = (report: Report): void => void writeSync(1, `${JSON.stringify(report)}\n`);

interface Ran {
  readonly row: WaveRow;
  readonly freezer: Freezer;
}

class RunningApp {
  readonly ran: readonly Ran[];
  private readonly calling = new AsyncLocalStorage<Ran>();
  private readonly byXid = new Map<string, Ran>();
  private started!: ScenarioApp;

  constructor(private readonly app: WaveApp) {
    this.ran = app.rows.map((row) => ({
      row,
      freezer: new Freezer(row.at, () => say({ said: 'frozen', owner: row.owner })),
    }));
    for (const each of this.ran) if (each.row.xid !== undefined) this.byXid.set(each.row.xid, each);
  }

  async start(): Promise<void> {
    const { service, options, rows } = this.app;
    this.started = await startScenario(databases, rows[0]!.scenario, { ...options, service, faults: this.hook });
  }

  async run(): Promise<void> {
    await Promise.all(this.ran.filter(({ row }) => row.xid === undefined).map((each) => this.tell(each)));
  }

  async close(): Promise<void> {
    await this.started.close();
    for (const { row, freezer } of this.ran) say({ said: 'steps', owner: row.owner, steps: freezer.steps });
  }

  /** Alone in its application, a transaction takes all of it with it; else only what is its own. */
  private readonly hook: FaultHook = (point, about) => {
    if (this.ran.length === 1) return this.ran[0]!.freezer.pass(point, about);
    if (!isOfOneTransaction(point)) return undefined;
    const xid = about.xids[0]!;
    const known = this.byXid.get(xid) ?? this.calling.getStore();
    if (known) this.byXid.set(xid, known);
    return known?.freezer.pass(point, about);
  };

  private async tell(each: Ran): Promise<void> {
    const { owner } = each.row;
    const told = await this.calling.run(each, () => this.started.run(owner));
    say({ said: 'row told', owner, told });
  }
}

const alive = setInterval(() => undefined, 2 ** 30);
process.channel?.unref();
process.once('disconnect', () => process.exit(0));

const apps = plan.apps.map((app) => new RunningApp(app));
process.on('message', (command: WaveCommand) => {
  if (command.do === 'go') for (const app of apps) void app.run();
  if (command.do === 'resume') for (const { freezer } of apps.flatMap(({ ran }) => ran)) freezer.thaw();
  if (command.do === 'close')
    void Promise.all(apps.map((app) => app.close())).then(() => {
      say({ said: 'closed' });
      clearInterval(alive);
    });
});
// one after the other: a stampede of migrations and of event loops that stand still tells nothing of the steps
for (const app of apps) await app.start();
say({ said: 'ready' });
