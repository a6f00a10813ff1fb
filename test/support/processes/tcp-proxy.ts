import net from 'node:net';
import { CommitWatch, FrontendReader } from './pg-messages.js';

/**
 * What becomes of something that is about to be committed. `lose`: the server never hears of it. `cut`: it is forwarded
 * and the client loses the connection at once, while the server is still at work. `hide`: the client loses the connection
 * when the server has answered.
 */
export type Verdict = 'pass' | 'lose' | 'cut' | 'hide';

/** A direction, as the client sees it. */
export type Direction = 'requests' | 'answers';

/** Stands between an application and its Postgres, and knows where in the conversation to break it off. */
export class TcpProxy {
  /** Asked at each commit. */
  atCommit: (statements: readonly string[]) => Verdict = () => 'pass';
  /** How much later a piece of an answer arrives; a function is asked for each. What comes behind it waits as well. */
  delayMs: number | (() => number) = 0;
  /** The same of requests. Connections do not wait for each other, so a later request may overtake an earlier one. */
  requestDelayMs: number | (() => number) = 0;
  /** Asked for each piece of an answer: whether the connection dies in the middle of it. */
  tear: (piece: Buffer) => boolean = () => false;
  /** Given each piece of an answer, returns what arrives instead. */
  amend: (piece: Buffer) => Buffer = (piece) => piece;
  private readonly sockets = new Set<net.Socket>();
  /** What is no longer carried, of each connection. */
  private readonly lost = new Set<Set<Direction>>();
  /** To the server, of connections that it does not know to be over. */
  private readonly orphans = new Set<net.Socket>();
  private finds = false;
  private mode: 'open' | 'refusing' | 'stalling' = 'open';

  private constructor(
    private readonly server: net.Server,
    private readonly target: URL,
    /** The server's URL with the proxy's address. */
    readonly url: string,
  ) {}

  static async to(url: string): Promise<TcpProxy> {
    // An end of one side is passed on, not answered: what is swallowed must not get an answer from here.
    const server = net.createServer({ allowHalfOpen: true });
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

  /**
   * What is connected now is forgotten by something in between: nothing goes through that way any more and nobody is
   * told, ever. New connections are good.
   */
  forget(...ways: readonly Direction[]): void {
    for (const swallowed of this.lost) for (const way of ways) swallowed.add(way);
  }

  /** From now on the server finds out which connections are over, as its keep-alive would in the end. */
  endForgotten(): void {
    this.finds = true;
    for (const far of this.orphans) far.destroy();
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
    const far = net.connect({
      port: Number(this.target.port || 5432),
      host: this.target.hostname,
      allowHalfOpen: true,
    });
    far.on('error', () => undefined);
    const swallowed = new Set<Direction>();
    this.lost.add(swallowed);
    for (const socket of [near, far]) {
      this.sockets.add(socket.setNoDelay(true));
      socket.on('close', () => this.sockets.delete(socket));
    }
    const reader = new FrontendReader();
    const watch = new CommitWatch();
    let hiding = false;
    let over = false;
    let underWay = false;
    const request = (chunk: Buffer): void => {
      if (this.mode === 'stalling' || swallowed.has('requests')) return;
      // one write to the server for what came as one
      far.cork();
      process.nextTick(() => far.uncork());
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
    };
    near.on('data', (chunk) => {
      const ms = valueOf(this.requestDelayMs);
      if (ms === 0) return request(chunk);
      near.pause();
      underWay = true;
      setTimeout(() => {
        underWay = false;
        if (!far.destroyed) request(chunk);
        near.resume();
        // What a process has sent arrives though it has died meanwhile, and the end behind it.
        if (near.destroyed && !over) ended(() => far.end());
      }, ms);
    });
    const answer = (piece: Buffer): void => {
      if (this.mode === 'stalling' || over || swallowed.has('answers')) return;
      if (hiding) {
        over = true;
        near.resetAndDestroy();
        far.end();
      } else if (this.tear(piece)) {
        over = true;
        near.end(piece.subarray(0, piece.length / 2), () => near.destroy());
        far.end();
      } else near.write(this.amend(piece));
    };
    far.on('data', (piece) => {
      const ms = valueOf(this.delayMs);
      if (ms === 0) return answer(piece);
      far.pause();
      setTimeout(() => {
        if (!near.destroyed) answer(piece);
        far.resume();
      }, ms);
    });
    // To a server that does not hear of it an end is as good as none, though the client's side may stay half open.
    const ended = (end: () => void): void => {
      if (swallowed.has('requests') && !this.finds) this.orphans.add(far);
      else end();
    };
    near.on('end', () => (swallowed.has('requests') ? ended(() => far.destroy()) : far.end()));
    far.on('end', () => swallowed.has('answers') || near.end());
    far.on('close', () => {
      this.lost.delete(swallowed);
      this.orphans.delete(far);
      if (!swallowed.has('answers')) near.destroy();
    });
    near.on('close', () => {
      if (!over && !underWay) ended(() => far.destroy());
    });
  }
}

const valueOf = (ms: number | (() => number)): number => (typeof ms === 'number' ? ms : ms());
