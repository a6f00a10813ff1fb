import net from 'node:net';

/** Stands between a client and a server, to cut the wire while the server is still at work. */
export class TcpRelay {
  private readonly near = new Set<net.Socket>();
  private readonly far = new Set<net.Socket>();

  private muted = false;

  private constructor(
    private readonly server: net.Server,
    /** The server's URL with the relay's address. */
    readonly url: string,
  ) {}

  static async to(url: string): Promise<TcpRelay> {
    const target = new URL(url);
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const here = new URL(url);
    here.host = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const relay = new TcpRelay(server, here.href);
    server.on('connection', (near) => relay.join(near, net.connect(Number(target.port || 5432), target.hostname)));
    return relay;
  }

  /** The client loses its connections; the server hears nothing of it. */
  cut(): void {
    for (const socket of this.near) socket.resetAndDestroy();
  }

  /** While it is muted nothing gets through, and nobody is told. */
  mute(muted: boolean): void {
    this.muted = muted;
  }

  async close(): Promise<void> {
    for (const socket of [...this.near, ...this.far]) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: net.Socket, far: net.Socket): void {
    this.near.add(near);
    this.far.add(far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('data', (chunk) => this.muted || far.write(chunk));
    far.on('data', (chunk) => this.muted || near.write(chunk));
    far.on('close', () => near.destroy());
    near.on('close', () => this.near.delete(near));
  }
}
