import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestDatabase } from 'nestjs-tcc-testing';
import { query, userOf } from '../child-postgres.js';
import type { RestartablePostgres } from './restartable-postgres.js';

/** The catalogues of a database, and some room. */
const SIZE = '24m';
const FULL = '53100';

const run = (program: string, ...args: string[]): boolean => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** A file system of its own, on which a server keeps a database that can run out of space. Only root can mount one. */
export class SmallDisk {
  private constructor(
    private readonly folder: string,
    private readonly server: RestartablePostgres,
    private readonly name: string,
  ) {}

  /** Whether this process may mount file systems, tried. */
  static isPossible(): boolean {
    if (process.getuid?.() !== 0) return false;
    const folder = mkdtempSync(join(tmpdir(), 'tcc-mount-'));
    const mounted = run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder);
    if (mounted) run('umount', folder);
    rmdirSync(folder);
    return mounted;
  }

  /** @param name of the disk, and of its database */
  static async of(server: RestartablePostgres, name: string): Promise<SmallDisk> {
    const folder = mkdtempSync(join(tmpdir(), 'tcc-disk-'));
    if (!run('mount', '-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder)) throw new Error('no tmpfs can be mounted');
    run('chown', userOf(server.pid), folder);
    chmodSync(folder, 0o700);
    await query(server.url, `create tablespace ${name} location '${folder}'`);
    return new SmallDisk(folder, server, name);
  }

  async database(): Promise<TestDatabase> {
    const { name } = this;
    const url = new URL(this.server.url);
    url.pathname = name;
    await query(this.server.url, `create database ${name} template template0 tablespace ${name}`);
    const drop = async (): Promise<void> => void (await query(this.server.url, `drop database ${name} with (force)`));
    return { name, url: url.href, drop };
  }

  /** Leaves not a page. */
  async fill({ url }: TestDatabase): Promise<void> {
    await query(url, 'create table filler (filling text)', 'alter table filler alter filling set storage plain');
    for (const rows of [1_000, 100, 10, 1]) {
      const insert = `insert into filler select repeat('x', 8000) from generate_series(1, ${rows})`;
      for (let full = false; !full;) {
        full = await query(url, insert).then(
          () => false,
          (error: { code?: string }) => {
            if (error.code !== FULL) throw error;
            return true;
          },
        );
      }
    }
  }

  async free({ url }: TestDatabase): Promise<void> {
    await query(url, 'drop table filler', 'checkpoint');
  }

  /** The server must have ended. */
  unmount(): void {
    run('umount', this.folder);
    rmdirSync(this.folder);
  }
}
