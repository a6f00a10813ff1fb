import { PostgresLedger } from 'nestjs-tcc';
import { describeLedgerContract, InMemoryLedger } from 'nestjs-tcc-testing';
import { createTestDatabase } from '../support/database.js';

describeLedgerContract('InMemoryLedger', async () => {
  const ledger = new InMemoryLedger();
  await ledger.open();
  return { ledger, stop: () => ledger.close() };
});

describeLedgerContract('PostgresLedger', async () => {
  const database = await createTestDatabase();
  const ledger = new PostgresLedger({
    pool: { connectionString: database.url, max: 4 },
    database: 'the contract’s database',
    migrations: 'run',
    timeoutMs: 5_000,
    warn: () => {}, // the test server trades durability for speed
  });
  await ledger.open();
  const stop = async (): Promise<void> => {
    await ledger.close();
    await database.drop();
  };
  return { ledger, stop };
});
