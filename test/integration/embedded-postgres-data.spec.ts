import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startPostgres } from 'nestjs-tcc-testing';
import { eventually, isAlive, query, spawnOwner } from '../support/child-postgres.js';

const isRoot = process.getuid?.() === 0;
let servers: number[] = [];
let base = '';
let dataDir = '';

const start = async (waitMs?: number): Promise<EmbeddedPostgres> => {
  const server = await startPostgres({ ignoreDatabaseUrl: true, dataDir, ...(waitMs === undefined ? {} : { waitMs }) });
  servers.push(server.pid ?? 0);
  return server;
};

const write = (url: string): Promise<unknown> =>
  query(url, 'create table kept (id int)', 'insert into kept values (42)');
const read = (url: string): Promise<unknown> => query(url, 'select id from kept');
const KEPT = [{ id: 42 }];

const unfinished = (): string[] => readdirSync(dataDir).filter((name) => name.startsWith('initialising-'));

beforeEach(() => {
  servers = [];
  base = mkdtempSync(join(tmpdir(), 'tcc-kept-'));
  chmodSync(base, 0o755);
  dataDir = join(base, 'data');
});

afterEach(async () => {
  for (const pid of servers) await eventually(`server ${pid} has ended`, () => !isAlive(pid));
  rmSync(base, { recursive: true, force: true });
});

describe('an embedded Postgres that keeps its data', () => {
  it('keeps them over a stop, with fsync on', async () => {
    const first = await start();
    expect(await query(first.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(first.url, 'show full_page_writes')).toEqual([{ full_page_writes: 'on' }]);
    expect(await query(first.url, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    await write(first.url);
    await first.stop();
    const second = await start();
    expect(await read(second.url)).toEqual(KEPT);
    await second.stop();
  });

  it('keeps them when its owner is killed; the next start waits for the server of that one', async () => {
    const owner = await spawnOwner({ dataDir }).started;
    servers.push(owner.serverPid);
    await write(owner.url);
    await owner.kill();
    const next = await start();
    expect(isAlive(owner.serverPid)).toBe(false);
    expect(await read(next.url)).toEqual(KEPT);
    await next.stop();
  });

  it('recovers when server, keeper and owner are killed at once', async () => {
    const owner = await spawnOwner({ dataDir }).started;
    await write(owner.url);
    process.kill(keeperPid(), 'SIGKILL');
    process.kill(owner.serverPid, 'SIGKILL');
    await owner.kill();
    const next = await start();
    expect(await read(next.url)).toEqual(KEPT);
    await next.stop();
  });

  it('stops a server that lost both its owner and its keeper', async () => {
    const owner = await spawnOwner({ dataDir }).started;
    servers.push(owner.serverPid);
    await write(owner.url);
    process.kill(keeperPid(), 'SIGKILL');
    await owner.kill();
    expect(isAlive(owner.serverPid)).toBe(true);
    const next = await start();
    expect(isAlive(owner.serverPid)).toBe(false);
    expect(await read(next.url)).toEqual(KEPT);
    await next.stop();
  });

  it('never takes the folder from a living owner, and says who that is', async () => {
    const owner = await spawnOwner({ dataDir }).started;
    servers.push(owner.serverPid);
    await expect(start(300)).rejects.toThrow(new RegExp(`in use by .*${owner.serverPid}.*${owner.ownerPid}`));
    // Also not when its keeper is gone: the owner is using the server.
    process.kill(keeperPid(), 'SIGKILL');
    await expect(start(300)).rejects.toThrow(/in use by/);
    await write(owner.url);
    const next = start();
    await owner.kill();
    const server = await next;
    expect(await read(server.url)).toEqual(KEPT);
    await server.stop();
  });

  it('waits while the previous one is still there', async () => {
    const first = await start();
    await write(first.url);
    let ready = false;
    const second = start().then((server) => {
      ready = true;
      return server;
    });
    await expect(start(1)).rejects.toThrow(/in use by/); // as long as a second start takes to meet the first
    expect(ready).toBe(false);
    await first.stop();
    const server = await second;
    expect(await read(server.url)).toEqual(KEPT);
    await server.stop();
  });

  it('lets one of two starts on an empty folder win, and corrupts nothing', async () => {
    const results = await Promise.allSettled([start(2_000), start(2_000)]);
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(results.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { message: expect.stringContaining('in use by') } },
    ]);
    expect(unfinished()).toEqual([]);
    await write(won[0]?.url ?? '');
    await won[0]?.stop();
    const again = await start();
    expect(await read(again.url)).toEqual(KEPT);
    await again.stop();
  });

  it('starts anew after an initdb that was killed half-way', async () => {
    const early = spawnOwner({ dataDir });
    const begun = (): boolean =>
      existsSync(dataDir) && unfinished().some((name) => existsSync(join(dataDir, name, 'PG_VERSION')));
    await eventually('initdb is at work', begun);
    await early.kill();
    await eventually('what it left is removed', () => unfinished().length === 0);
    expect(existsSync(join(dataDir, 'server'))).toBe(false);
    const server = await start();
    await write(server.url);
    await server.stop();
  });

  it('removes what an initdb left whose keeper was killed too', async () => {
    const gone = spawnOwner({ dataDir: join(base, 'other') });
    await gone.kill();
    mkdirSync(join(dataDir, `initialising-${gone.pid}-abc`), { recursive: true });
    writeFileSync(join(dataDir, `initialising-${gone.pid}-abc`, 'PG_VERSION'), '18');
    const server = await start();
    expect(unfinished()).toEqual([]);
    await server.stop();
  });

  it('leaves a data folder alone that it did not make', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'PG_VERSION'), '15');
    await expect(start()).rejects.toThrow(/is itself a data folder/);
    expect(readdirSync(dataDir)).toEqual(['PG_VERSION']);
  });
});

// there is nothing to test for an ordinary user, whose server runs as himself
(isRoot ? describe : () => undefined)('an embedded Postgres that keeps its data, as root', () => {
  it('keeps them elsewhere when the user of the server may not enter the folder, for as long as that one is there', async () => {
    chmodSync(base, 0o700);
    const first = await start();
    await write(first.url);
    await first.stop();
    const places = [readlinkSync(join(dataDir, 'elsewhere'))];
    const second = await start();
    expect(await read(second.url)).toEqual(KEPT);
    await second.stop();
    rmSync(dataDir, { recursive: true });
    expect(existsSync(join(places[0] ?? '', 'server'))).toBe(true);
    const third = await start();
    places.push(readlinkSync(join(dataDir, 'elsewhere')));
    await expect(read(third.url)).rejects.toMatchObject({ code: '42P01' });
    await third.stop();
    for (const place of places) rmSync(place, { recursive: true });
  });
});

function keeperPid(): number {
  return (JSON.parse(readFileSync(join(dataDir, 'served-by.json'), 'utf8')) as { keeper: number }).keeper;
}
