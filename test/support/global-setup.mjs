// Plain JavaScript on the built library: jest transforms no TypeScript here when the project is ESM.
import { existsSync } from 'node:fs';

const built = new URL('../../libs/tcc-testing/dist/esm/postgres/index.js', import.meta.url);

export default async function globalSetup() {
  if (!existsSync(built)) throw new Error('libs/tcc-testing is not built: npm run build:libs');
  const { createTestDatabase, startPostgres } = await import(built.href);
  const server = await startPostgres();
  // The name holds a random run id: two runs may share one DATABASE_URL.
  const template = await createTestDatabase({ url: server.url, prefix: 'tcc_template' });
  globalThis.__TCC_POSTGRES__ = { server, template };
  // Workers are forked after this and inherit it.
  process.env.TCC_TEST_ADMIN_URL = server.url;
  process.env.TCC_TEST_TEMPLATE = template.name;
}
