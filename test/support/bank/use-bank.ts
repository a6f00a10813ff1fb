import type { Provider } from '@nestjs/common';
import type { TccModuleOptions } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from './bank-app.js';

/** What a test of such a spec finds. */
export interface UsedBank {
  readonly databases: BankDatabases;
  readonly bank: BankApp;
  /** Nobody else's, with 100 in both banks. */
  readonly owner: string;
}

/** A bank for a spec: one application for all its tests, an owner of its own and idle hooks for each of them. */
export function useBank(options: Partial<TccModuleOptions> = {}, extra: Provider[] = []): UsedBank {
  let databases: BankDatabases | undefined;
  let bank: BankApp | undefined;
  let owners = 0;

  beforeAll(async () => {
    databases = await createBankDatabases();
    bank = await startBank(databases, options, extra);
  });
  beforeEach(async () => {
    const { hooks } = bank!;
    hooks.inTry = hooks.inConfirm = hooks.inCancel = () => undefined;
    await bank!.fund([`owner-${++owners}`], 100);
  });
  afterAll(async () => {
    await bank?.close();
    await databases?.drop();
  });

  return {
    get databases() {
      return databases!;
    },
    get bank() {
      return bank!;
    },
    get owner() {
      return `owner-${owners}`;
    },
  };
}
