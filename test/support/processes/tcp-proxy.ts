import net from 'node:net';
import { CommitWatch, FrontendReader } from './pg-messages.js';

/**
 * What becomes of something that is about to be committed. `lose`: the server never hears of it. `cut`: it is forwarded
 * and the client loses the connection at once, while the server is still at work. `hide`: the client loses the connection
 * when the server has answered.
 */
export type Verdict = 'pass' | 'lose' | 'cut' | 'hide';

/** Stands between an application and its Postgres, and knows where in the conversation to break it off. */
export class TcpProxy {
  /** Asked at each commit. */
  atCommit: (statements: readonly string[]) => Verdict = () => 'pass';
  private readonly sockets = new Set<net.Socket>();
  private mode: 'open' | 'refusing' | 'stalling' = 'open';

  private constructor(
    private readonly server: net.Server,
    private readonly target: URL,
    /** The server's URL with the proxy's address. */
    readonly url: string,
  ) {}

  static async to(url: string): Promise<TcpProxy> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const here = new URL(url);
    here.host = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const proxy = new TcpProxy(server, new URL(url), here.href);
    server.on('connection', (near) => proxy.accept(near));
    return proxy;
  }

  /** Cuts every connection and lets none in, until `heal()`. */
  refuse(): void {
    this.mode = 'refusing';
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Lets no new connection in, until `heal()`. */
  refuseNew(): void {
    this.mode = 'refusing';
  }

  /** Nothing goes through in either direction, and nobody is told, until `heal()`, which cuts what has stalled. */
  stall(): void {
    this.mode = 'stalling';
  }

  heal(): void {
    if (this.mode === 'stalling') for (const socket of this.sockets) socket.resetAndDestroy();
    this.mode = 'open';
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(near: net.Socket): void {
    near.on('error', () => undefined);
    if (this.mode === 'refusing') {
      near.resetAndDestroy();
      return;
    }
    const far = net.connect(Number(this.target.port || 5432), this.target.hostname);
    far.on('error', () => undefined);
    for (const socket of [near, far]) {
      this.sockets.add(socket.setNoDelay(true));
      socket.on('close', () => this.sockets.delete(socket));
    }
    const reader = new FrontendReader();
    const watch = new CommitWatch();
    let hiding = false;
    let over = false;
    near.on('data', (chunk) => {
      if (this.mode === 'stalling') return;
      for (const message of reader.read(chunk)) {
        if (over) return;
        const committed = watch.see(message);
        const verdict = committed ? this.atCommit(committed) : 'pass';
        over = verdict === 'lose' || verdict === 'cut';
        if (verdict !== 'lose') far.write(message.bytes);
        if (verdict === 'hide') hiding = true;
        // A FIN behind what was written, so that the server gets all of it.
        if (verdict === 'cut') far.end();
        if (verdict === 'lose') far.destroy();
        if (over) near.resetAndDestroy();
      }
    });
    far.on('data', (chunk) => {
      if (this.mode === 'stalling' || over) return;
      if (hiding) {
        over = true;
        near.resetAndDestroy();
        far.end();
      } else near.write(chunk);
    });
    far.on('close', () => near.destroy());
    near.on('close', () => {
      if (!over) far.destroy();
    });
  }
}
