import pg from 'pg';
import { createTestDatabase } from '../support/database.js';

it('gives each spec file a database of its own', async () => {
  const database = await createTestDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  const { rows } = await client.query<{ name: string }>('select current_database() as name');
  expect(rows[0]?.name).toBe(database.name);
  await client.end();
  await database.drop();
});
