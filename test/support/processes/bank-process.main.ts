// Entry of a child process: an application with both banks that does what its parent says, see child-app.ts.
import { setClock } from './shifted-clock.js';
import { writeSync } from 'node:fs';
import { isTccError, type TccModuleOptions } from 'nestjs-tcc';
import { faultHook, FaultPlan, parseFaults } from 'nestjs-tcc-testing';
import { startBank, type BankDatabases } from '../bank/bank-app.js';
import type { Behaviour, Command, ProcessPlan, Report, Told } from './process-plan.js';
import { SCENARIOS, type Scenario } from './scenarios.js';

const plan = JSON.parse(process.argv[2] ?? '{}') as ProcessPlan;

/** Synchronous: what is said before a SIGKILL must arrive. */
const say = (report: Report): void => void writeSync(1, `${JSON.stringify(report)}\n`);

const faults = new FaultPlan(parseFaults(plan.faults ?? ''), ({ point }, { xids }) =>
  say({ said: 'reached', point, xids }),
);

function behave(phase: 'try' | 'confirm' | 'cancel', behaviour: Behaviour | undefined): () => Promise<void> {
  let failures = typeof behaviour === 'object' ? behaviour.failures : 0;
  return async () => {
    say({ said: 'entered', phase });
    if (behaviour === 'hang') await new Promise(() => undefined);
    if (failures-- > 0) throw new Error(`${phase} fails, ${failures} more times`);
  };
}

// An idle application holds nothing open, the connection to the parent must not either.
const alive = setInterval(() => undefined, 2 ** 30);
process.channel?.unref();
process.once('disconnect', () => process.exit(0));

const database = (url: string): BankDatabases['ledger'] => ({ name: '', url, drop: async () => undefined });
const bank = await startBank(
  {
    ledger: database(plan.databases.ledger),
    north: database(plan.databases.north),
    south: database(plan.databases.south),
    drop: async () => undefined,
  },
  { ...(plan.options as Partial<TccModuleOptions>), ...(plan.faults ? { faults: faultHook(faults) } : {}) },
);
bank.hooks.inTry = behave('try', plan.behaviour?.try);
bank.hooks.inConfirm = behave('confirm', plan.behaviour?.confirm);
bank.hooks.inCancel = behave('cancel', plan.behaviour?.cancel);
bank.app.enableShutdownHooks(['SIGTERM']);
// once: Nest sends the signal again when it is done
process.once('SIGTERM', () => say({ said: 'terminating' }));
// to stderr
bank.app.useLogger(['error']);

async function run(scenario: Scenario, owner: string): Promise<Told> {
  try {
    return { ok: true, value: await scenario.run(bank, owner) };
  } catch (error) {
    const { name, message } = error as Error;
    return { ok: false, name, message, code: isTccError(error) ? error.code : undefined, xid: bank.tcc.xidOf(error) };
  }
}

async function obey(command: Command): Promise<void> {
  switch (command.do) {
    case 'run':
      say({ said: 'told', id: command.id, told: await run(SCENARIOS[command.scenario], command.owner) });
      break;
    case 'resume':
      faults.resume();
      break;
    case 'set clock':
      setClock(command.aheadMs);
      break;
    case 'close':
      await bank.close();
      say({ said: 'closed' });
      clearInterval(alive);
  }
}
process.on('message', (command: Command) => void obey(command));
say({ said: 'ready' });
