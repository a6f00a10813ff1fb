import pg from 'pg';

export default async function globalTeardown() {
  const { server, template } = globalThis.__TCC_POSTGRES__ ?? {};
  // A server of our own takes everything along. On a shared one the clones of failed specs would stay for ever.
  if (server?.source === 'DATABASE_URL') await dropClones(server.url, template.name.split('_').at(-1));
  await template?.drop();
  await server?.stop();
}

async function dropClones(url, run) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query('select datname from pg_database where datname like $1', [`t\\_${run}\\_%`]);
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`);
  } finally {
    await client.end();
  }
}
