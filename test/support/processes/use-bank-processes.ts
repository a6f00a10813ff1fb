import { createBankDatabases, startBank, type BankDatabases } from '../bank/bank-app.js';
import { BankAudit } from './bank-audit.js';
import { ChildApp } from './child-app.js';

/** What a test of such a spec finds. */
export interface UsedProcesses {
  readonly databases: BankDatabases;
  readonly audit: BankAudit;
  /** Nobody else's, with 100 in both banks. */
  readonly owner: string;
  /** Nobody else's: instances of other tests do not recover what this one leaves. */
  readonly service: string;
}

/** Migrated databases for child processes, an owner and a service for each test; no child outlives its test. */
export function useBankProcesses(): UsedProcesses {
  let databases: BankDatabases | undefined;
  let audit: BankAudit | undefined;
  let tests = 0;

  beforeAll(async () => {
    databases = await createBankDatabases();
    const first = await startBank(databases, { service: 'schema' });
    await first.close();
    audit = BankAudit.of(databases);
  });
  beforeEach(async () => {
    await audit!.fund(`owner-${++tests}`, 100);
  });
  afterEach(() => ChildApp.killAll());
  afterAll(async () => {
    await audit?.close();
    await databases?.drop();
  });

  return {
    get databases() {
      return databases!;
    },
    get audit() {
      return audit!;
    },
    get owner() {
      return `owner-${tests}`;
    },
    get service() {
      return `service-${tests}`;
    },
  };
}
