import net from 'node:net';

/** A network between two processes that can stop working. Unlike a relay it loses nothing: TCP sends again. */
export class Wire {
  private readonly sockets = new Set<net.Socket>();
  private state: 'works' | 'is silent' | 'refuses' = 'works';

  private constructor(
    private readonly server: net.Server,
    /** The far end's URL with the wire's address. */
    readonly url: string,
  ) {}

  static async to(url: string): Promise<Wire> {
    const target = new URL(url);
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as net.AddressInfo).port;
    const wire = new Wire(server, `${target.protocol}//127.0.0.1:${port}`);
    server.on('connection', (near) => wire.join(near, Number(target.port), target.hostname));
    return wire;
  }

  /** Nothing gets through and nobody is told. What is sent meanwhile arrives when the wire works again. */
  silence(): void {
    this.state = 'is silent';
    for (const socket of this.sockets) socket.pause();
  }

  /** Every connection is lost, and none is made. */
  refuse(): void {
    this.state = 'refuses';
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  heal(): void {
    this.state = 'works';
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: net.Socket, port: number, host: string): void {
    near.on('error', () => undefined);
    if (this.state === 'refuses') return void near.resetAndDestroy();
    const far = net.connect(port, host);
    far.on('error', () => undefined);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from.setNoDelay(true));
      from.on('data', (chunk) => to.write(chunk));
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      if (this.state === 'is silent') from.pause();
    }
  }
}
