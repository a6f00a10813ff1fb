import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** Databases for an application of the documents, which finds them as `NAME_URL`. */
export interface NamedDatabases {
  readonly urls: Readonly<Record<string, string>>;
  rows<Row extends pg.QueryResultRow>(name: string, sql: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

export async function createNamedDatabases(...names: readonly string[]): Promise<NamedDatabases> {
  const databases = new Map<string, TestDatabase>();
  for (const name of names) databases.set(name, await createTestDatabase());
  const variables = names.map((name) => `${name.toUpperCase()}_URL`);
  const urls = Object.fromEntries([...databases].map(([name, { url }]) => [name, url]));
  names.forEach((name, index) => (process.env[variables[index]!] = urls[name]));
  return {
    urls,
    rows: async <Row extends pg.QueryResultRow>(name: string, sql: string, values: unknown[] = []) => {
      const client = new pg.Client(urls[name]);
      await client.connect();
      try {
        return (await client.query<Row>(sql, values)).rows;
      } finally {
        await client.end();
      }
    },
    drop: async () => {
      for (const variable of variables) delete process.env[variable];
      await Promise.all([...databases.values()].map((database) => database.drop()));
    },
  };
}
