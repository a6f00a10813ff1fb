import net from 'node:net';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { startPair, type Pair } from './support/pair.js';
import { express, tcp, type TransportUnderTest } from './support/transports.js';

/** What becomes of the first answer: its bytes, and how the wire ends. */
type Break = (near: net.Socket, answer: Buffer) => void;

const BREAKS: Readonly<Record<string, Break>> = {
  'closed without an answer': (near) => void near.end(),
  'half-closed after half an answer': (near, answer) => void near.end(answer.subarray(0, answer.length / 2)),
  'reset after half an answer': (near, answer) => void near.write(answer.subarray(0, 20), () => near.resetAndDestroy()),
  'silent for ever': () => undefined,
  'full of something else': (near) => void near.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
};

/** Between caller and participants, byte by byte. */
class Wire {
  breakNext: Break | undefined;
  private readonly sockets = new Set<net.Socket>();
  private constructor(private readonly server: net.Server) {}

  static async to(port: number): Promise<Wire> {
    const server = net.createServer({ allowHalfOpen: true });
    const wire = new Wire(server);
    server.on('connection', (near) => {
      const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      for (const socket of [near, far]) wire.sockets.add(socket.on('error', () => undefined));
      near.on('data', (chunk) => far.write(chunk));
      near.on('end', () => far.end());
      near.on('close', () => far.destroy());
      far.on('data', (chunk) => {
        const { breakNext } = wire;
        wire.breakNext = undefined;
        if (!breakNext) near.write(chunk);
        else {
          // nothing after it: one broken answer is the last one of its connection
          far.removeAllListeners('data').resume();
          breakNext(near, chunk);
        }
      });
      far.on('end', () => near.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let wire: Wire;

const overWire = (transport: TransportUnderTest): TransportUnderTest => ({
  ...transport,
  async open() {
    const address = await transport.open();
    wire = await Wire.to(address.port!);
    const { port } = wire;
    class Clients {}
    const client = (): unknown => ClientProxyFactory.create({ transport: Transport.TCP, options: { port } });
    return {
      ...address,
      reach: () =>
        Promise.resolve({
          imports: transport === tcp ? [{ module: Clients, providers: [{ provide: 'WIRE', useFactory: client }] }] : [],
          entry: transport === tcp ? { client: 'WIRE' } : { url: `http://127.0.0.1:${port}/api` },
          close: () => wire.close(),
        }),
    };
  },
});

describe.each([express, tcp])('a connection that breaks, over $name', (transport) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair(overWire(transport), { here: { callTimeout: '400ms' } });
  });
  afterEach(() => {
    wire.breakNext = undefined;
    pair.reset();
  });
  afterAll(() => pair?.close());

  it.each(Object.keys(BREAKS))('%s: a try is cancelled, a confirm done once', async (how) => {
    const { failure, order, article, settled, stockOf, hooks, attempts } = pair;
    const sku = await article(5);
    hooks.during = ({ phase }) => {
      if (phase === 'try') wire.breakNext = BREAKS[how];
    };
    const { xid, error } = await failure(({ stock }) => stock.reserve(sku, 1), { timeout: '1s' });
    expect(error).toMatchObject({
      code: expect.stringMatching(/^TCC_(PARTICIPANT_UNREACHABLE|TIMED_OUT)$/) as unknown,
    });
    await settled(xid, 'cancelled');
    let first = true;
    hooks.during = ({ phase }) => {
      if (phase === 'confirm' && first) wire.breakNext = BREAKS[how];
      first &&= phase !== 'confirm';
    };
    const { xid: confirmed } = await order(({ stock }) => stock.reserve(sku, 2));
    await settled(confirmed, 'confirmed');
    expect(hooks.namesOf(confirmed)).toEqual(['reserve.try', 'reserve.confirm']);
    expect((await attempts(confirmed)).length).toBeGreaterThanOrEqual(1);
    expect(await stockOf(sku)).toEqual({ free: 3, sold: 2, held: 0 });
  });
});
