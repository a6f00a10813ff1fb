import { setTimeout as pause } from 'node:timers/promises';
import { isTccError, type TccModuleOptions } from 'nestjs-tcc';
import { startBank, type BankApp, type BankDatabases } from '../bank/bank-app.js';
import type { Told } from './process-plan.js';
import { scenarioProviders } from './scenario-participants.js';
import { SCENARIOS, type Scenario, type ScenarioName, type Trouble } from './scenarios.js';

/** An application in which a scenario goes as it should. */
export interface ScenarioApp {
  readonly bank: BankApp;
  run(owner: string): Promise<Told>;
  /** Also when the scenario has closed it already. */
  close(): Promise<void>;
}

export async function startScenario(
  databases: BankDatabases,
  name: ScenarioName,
  options: Partial<TccModuleOptions>,
): Promise<ScenarioApp> {
  const scenario: Scenario = SCENARIOS[name];
  const bank = await startBank(databases, options, scenarioProviders(databases.north.url));
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= bank.close());
  bank.hooks.inConfirm = inTrouble(bank, scenario.trouble?.confirm, close);
  bank.hooks.inCancel = inTrouble(bank, scenario.trouble?.cancel, close);
  return { bank, run: (owner) => told(scenario, bank, owner), close };
}

function inTrouble(bank: BankApp, trouble: Trouble | undefined, close: () => Promise<void>): () => Promise<void> {
  const failed = new Map<string, number>();
  return async () => {
    if (!trouble) return;
    if ('takesMs' in trouble) {
      if (trouble.closes) void close();
      return pause(trouble.takesMs);
    }
    const key = bank.tcc.branch.idempotencyKey;
    const times = (failed.get(key) ?? 0) + 1;
    failed.set(key, times);
    if (times <= trouble.fails) throw new Error(`fails for the ${times}. time`);
  };
}

async function told(scenario: Scenario, bank: BankApp, owner: string): Promise<Told> {
  try {
    return { ok: true, value: await scenario.run(bank, owner) };
  } catch (error) {
    const { name, message } = error as Error;
    return { ok: false, name, message, code: isTccError(error) ? error.code : undefined, xid: bank.tcc.xidOf(error) };
  }
}
