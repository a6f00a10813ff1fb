import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { type EmbeddedPostgres, startPostgres } from 'nestjs-tcc-testing';
import { eventually, isAlive, query, spawnOwner, userOf } from '../support/child-postgres.js';
import { createTestDatabase } from '../support/database.js';

const isRoot = process.getuid?.() === 0;
const servers: number[] = [];

async function start(options: Parameters<typeof startPostgres>[0] = {}): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ ignoreDatabaseUrl: true, ...options });
  servers.push(server.pid ?? 0);
  return server;
}

const setting = async (url: string, name: string): Promise<unknown> => (await query(url, `show ${name}`))[0]?.[name];

describe('a temporary embedded Postgres', () => {
  it('starts, trades safety for speed, and leaves nothing when it is stopped', async () => {
    const server = await start({ settings: ['work_mem=7MB'] });
    const data = String(await setting(server.url, 'data_directory'));
    expect(await setting(server.url, 'fsync')).toBe('off');
    expect(await setting(server.url, 'work_mem')).toBe('7MB');
    expect(existsSync(data)).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid ?? 0)).toBe(false);
    expect(existsSync(dirname(data))).toBe(false);
  });

  it('starts beside another one', async () => {
    const both = await Promise.all([start(), start()]);
    const ports = await Promise.all(both.map(({ url }) => setting(url, 'port')));
    expect(ports[0]).not.toBe(ports[1]);
    await Promise.all(both.map((server) => server.stop()));
  });

  it('ends with its owner and takes its data along, even when that one is killed', async () => {
    const owner = await spawnOwner({}).started;
    servers.push(owner.serverPid);
    const data = String(await setting(owner.url, 'data_directory'));
    await owner.kill();
    await eventually('the server has ended', () => !isAlive(owner.serverPid));
    await eventually('its data are deleted', () => !existsSync(dirname(data)));
    expect(isAlive(owner.ownerPid)).toBe(false);
  });

  it('leaves nothing when its owner is killed before it is ready', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tcc-spec-'));
    chmodSync(folder, 0o755);
    const early = spawnOwner({}, { env: { ...process.env, TMPDIR: folder } });
    await eventually('initdb is at work', () =>
      readdirSync(folder).some((name) => existsSync(join(folder, name, 'data', 'PG_VERSION'))),
    );
    await early.kill();
    await expect(early.started).rejects.toThrow(/ended before/);
    await eventually('its folder is deleted', () => !readdirSync(folder).some((name) => name.startsWith('tcc-pg-')));
    rmSync(folder, { recursive: true });
  });

  it('does not keep its owner alive', async () => {
    const library = new URL('libs/tcc-testing/dist/esm/postgres/index.js', `file://${process.cwd()}/`).href;
    const script = `const s = await (await import('${library}')).startPostgres({ ignoreDatabaseUrl: true }); console.log(s.pid)`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(run.status).toBe(0);
    servers.push(Number(run.stdout));
    await eventually('the server has ended', () => !isAlive(Number(run.stdout)));
  });

  it('says so when its port is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(/did not start/);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('gives way to DATABASE_URL', async () => {
    const before = process.env['DATABASE_URL'];
    process.env['DATABASE_URL'] = 'postgres://somewhere/else';
    try {
      const used = await startPostgres();
      expect(used).toMatchObject({ url: 'postgres://somewhere/else', source: 'DATABASE_URL', pid: undefined });
      await used.stop();
    } finally {
      if (before === undefined) delete process.env['DATABASE_URL'];
      else process.env['DATABASE_URL'] = before;
    }
  });
});

// there is nothing to test for an ordinary user, whose server runs as himself
(isRoot ? describe : () => undefined)('a temporary embedded Postgres, for root', () => {
  it('runs as another user', async () => {
    const server = await start();
    expect(['postgres', 'nobody']).toContain(userOf(server.pid ?? 0));
    await server.stop();
  });

  it('runs as oneself for others', async () => {
    chmodSync('libs/tcc-testing/dist', 0o755); // a build is its maker's only
    const owner = await spawnOwner({}, { uid: 65_534, gid: 65_534 }).started;
    servers.push(owner.serverPid);
    expect(userOf(owner.serverPid)).toBe(userOf(owner.ownerPid));
    expect(userOf(owner.serverPid)).not.toBe('root');
    await owner.kill();
    await eventually('the server has ended', () => !isAlive(owner.serverPid));
  });
});

describe('a test database', () => {
  it('is a clone of its template, of its own', async () => {
    const template = await createTestDatabase();
    await query(template.url, 'create table migrated (id int)', 'insert into migrated values (7)');
    const [one, other] = await Promise.all([createTestDatabase(template.name), createTestDatabase(template.name)]);
    await query(one.url, 'delete from migrated');
    expect(await query(other.url, 'select id from migrated')).toEqual([{ id: 7 }]);
    await Promise.all([one.drop(), other.drop(), template.drop()]);
    await expect(query(one.url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
  });

  it('waits for those who are about to go: pg has ended a pool before the server hears of it', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client(database.url);
    const errors: Error[] = [];
    client.on('error', (error) => errors.push(error));
    await client.connect();
    const dropped = database.drop();
    await pause(100);
    await client.end();
    await dropped;
    expect(errors).toEqual([]);
  });

  it('is dropped although somebody is connected', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client(database.url);
    const cut = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await database.drop();
    expect(await cut).toMatchObject({ code: '57P01' });
  });
});

afterAll(() => {
  // A failure of any test above may be the cause; here it is told whatever that was.
  if (servers.some(isAlive)) throw new Error(`servers were left behind: ${servers.filter(isAlive).join(' ')}`);
});
