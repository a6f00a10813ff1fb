import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres, type EmbeddedPostgres } from 'nestjs-tcc-testing';

/** `fast`: in order, but waits for nobody. `immediate`: as after a crash. `kill`: SIGKILL of its main process. */
export const STOP_MODES = ['fast', 'immediate', 'kill'] as const;
export type StopMode = (typeof STOP_MODES)[number];

/**
 * Below those that systems give to outgoing connections: nobody takes it while the server is down. A port that belongs
 * to somebody else is found out at the first start.
 */
async function stablePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

const SETTINGS = [
  // Processes die here, the machine does not: what the kernel has is safe.
  'fsync=off',
  'max_connections=150',
  'shared_buffers=32MB',
  'deadlock_timeout=200ms',
];
const PORT_ATTEMPTS = 50;

/** A PostgreSQL that keeps its data and its port while it is stopped and started. */
export class DatabaseServer {
  private running: EmbeddedPostgres | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(folder: string): Promise<DatabaseServer> {
    const server = new DatabaseServer(folder, await stablePort());
    await server.start();
    return server;
  }

  get isUp(): boolean {
    return this.running !== undefined;
  }

  url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async stop(mode: StopMode): Promise<void> {
    const { running } = this;
    if (!running) return;
    this.running = undefined;
    if (mode !== 'fast') process.kill(running.pid!, mode === 'immediate' ? 'SIGQUIT' : 'SIGKILL');
    // resolves when the last of its processes has ended
    await running.stop();
  }

  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.running = await startPostgres({
          dataDir: this.folder,
          port: this.port,
          settings: SETTINGS,
          ignoreDatabaseUrl: true,
        });
        return;
      } catch (error) {
        if (attempt === PORT_ATTEMPTS || !/could not bind|in use/.test(String(error))) throw error;
        await pause(200);
      }
    }
  }
}
