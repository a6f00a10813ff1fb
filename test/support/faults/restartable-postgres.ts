import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, startPostgres, type EmbeddedPostgres, type TestDatabase } from 'nestjs-tcc-testing';

/** How a server goes away. `fast` ends its sessions in order, `immediate` and `kill` leave a crash to recover from. */
export type Ending = 'fast' | 'immediate' | 'kill';

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const;

/**
 * A PostgreSQL of a test's own that can go away and come back with its data, at the same address.
 *
 * What a server has answered to survives the end of its processes, so nothing has to reach the disk itself: `fsync` is off.
 */
export class RestartablePostgres {
  private constructor(
    private readonly dataDir: string,
    private server: EmbeddedPostgres,
    private readonly settings: readonly string[],
  ) {}

  static async start(...settings: string[]): Promise<RestartablePostgres> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tcc-restart-'));
    chmodSync(dataDir, 0o755); // as root: the server runs as another user
    const all = ['fsync=off', ...settings];
    const server = await startPostgres({ dataDir, settings: all, ignoreDatabaseUrl: true });
    return new RestartablePostgres(dataDir, server, all);
  }

  /** Of its main process. */
  get pid(): number {
    return this.server.pid!;
  }

  get url(): string {
    return this.server.url;
  }

  database(): Promise<TestDatabase> {
    return createTestDatabase({ url: this.url });
  }

  /** Resolves when it has gone. */
  async end(how: Ending): Promise<void> {
    process.kill(this.server.pid!, SIGNALS[how]);
    // its keeper ends when the last of its processes has
    await this.server.stop();
  }

  /** Brings it back; resolves when it takes connections. */
  async again(): Promise<void> {
    const { dataDir, settings } = this;
    this.server = await startPostgres({
      dataDir,
      settings,
      port: Number(new URL(this.url).port),
      ignoreDatabaseUrl: true,
    });
  }

  async drop(): Promise<void> {
    await this.server.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
