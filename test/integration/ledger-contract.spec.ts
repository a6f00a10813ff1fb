import { describeLedgerContract } from 'nestjs-tcc-testing';
import { createTestDatabase } from '../support/database.js';
import { PostgresLedger } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.js';

describeLedgerContract('PostgresLedger', async () => {
  const database = await createTestDatabase();
  const ledger = new PostgresLedger({
    pool: { connectionString: database.url },
    database: 'the test database',
    migrations: 'run',
    timeoutMs: 5_000,
    warn: () => undefined,
  });
  await ledger.open();
  return {
    ledger,
    stop: async () => {
      await ledger.close();
      await database.drop();
    },
  };
});
