import { createTestDatabase, startPostgres } from 'nestjs-tcc-testing';
import type { BankDatabases } from '../bank/bank-app.js';

/** Databases on a server of their own, for more applications at a time than the run's server has connections for. */
export async function createRoomyDatabases(): Promise<BankDatabases> {
  const server = await startPostgres({ settings: ['max_connections=600'], ignoreDatabaseUrl: true });
  const create = (): ReturnType<typeof createTestDatabase> => createTestDatabase({ url: server.url });
  const [ledger, north, south] = [await create(), await create(), await create()];
  return { ledger, north, south, drop: () => server.stop() };
}
