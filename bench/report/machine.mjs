import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { connected } from '../server/databases.mjs';

/** What the figures were measured on. Names no machine. */
export async function describeMachine({ url, source }) {
  const settings = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers'];
  const postgres = await connected(url, async (client) => {
    const { rows } = await client.query('select name, setting from pg_settings where name = any ($1)', [settings]);
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  });
  return {
    at: new Date().toISOString(),
    node: process.version,
    os: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    postgres: { source, ...postgres },
  };
}
