import net from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectParticipant, Tcc, TccModule } from 'nestjs-tcc';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { KEYS, startPair, type Pair } from './support/pair.js';
import type { StockRoom } from './support/stock.js';
import { express, freePort } from './support/transports.js';

/** Lets nothing be done, and counts who asks. */
class DeadPlace {
  connections = 0;
  private readonly sockets = new Set<net.Socket>();
  private constructor(private readonly server: net.Server) {}

  /** @param how what becomes of a connection */
  static async start(how: 'hangs' | 'hangs up', port: number): Promise<DeadPlace> {
    const server = net.createServer({ allowHalfOpen: true });
    const place = new DeadPlace(server);
    server.on('connection', (socket) => {
      place.connections += 1;
      place.sockets.add(socket.on('error', () => undefined));
      if (how === 'hangs up') socket.resetAndDestroy();
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return place;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

class Shop {
  constructor(
    @InjectParticipant('stock') readonly stock: StockRoom,
    @InjectParticipant('dead') readonly dead: StockRoom,
    readonly tcc: Tcc,
  ) {}
}

describe('a place that does not answer', () => {
  let alive: Pair;
  let database: TestDatabase;
  beforeAll(async () => {
    [alive, database] = await Promise.all([startPair(express), createTestDatabase()]);
  });
  afterAll(async () => {
    await alive?.close();
    await database?.drop();
  });

  async function startShop(deadPort: number): Promise<{ shop: Shop; close: () => Promise<void> }> {
    @Module({
      imports: [
        TccModule.forRoot({
          service: `shop at ${deadPort}`,
          ledger: { connection: { connectionString: database.url } },
          remote: { keys: KEYS },
          recovery: { poll: 50 },
          retry: { initial: 20, cap: 100 },
          callTimeout: '300ms',
        }),
        TccModule.forRemote([
          { participant: 'stock', service: alive.service, url: `http://127.0.0.1:${alive.port}/api` },
          { participant: 'dead', service: 'dead', url: `http://127.0.0.1:${deadPort}`, timeout: '300ms' },
        ]),
      ],
      providers: [Shop],
    })
    class ShopModule {}
    const app = await NestFactory.createApplicationContext(ShopModule, { logger: false, abortOnError: false });
    return { shop: app.get(Shop), close: () => app.close() };
  }

  it.each(['hangs', 'hangs up'] as const)('%s: is asked a few times, and nobody else waits for it', async (how) => {
    const port = await freePort();
    const place = await DeadPlace.start(how, port);
    const { shop, close } = await startShop(port);
    try {
      const { tcc, stock, dead } = shop;
      const ordered: string[] = [];
      const order = (participant: StockRoom): Promise<unknown> =>
        tcc.run({ name: 'order', phaseTwo: 'background' }, () => {
          ordered.push(tcc.transaction.xid);
          return participant.keep('this');
        });
      const errors: unknown[] = [];
      for (let index = 0; index < 30; index++) errors.push(await order(dead).catch((error: unknown) => error));
      const codes = errors.map((error) => (error as { code: string }).code);
      expect(codes.slice(0, 3)).toEqual(Array(3).fill('TCC_PARTICIPANT_UNREACHABLE'));
      expect(codes.at(-1)).toBe('TCC_CIRCUIT_OPEN');
      // thirty tries and as many cancels wanted to be sent
      expect(place.connections).toBeLessThan(30);
      const before = place.connections;

      // recovery goes on meanwhile with thirty transactions that it cannot settle
      const orders = await Promise.all(Array.from({ length: 30 }, () => order(stock).then(() => ordered.at(-1))));
      expect(orders).toHaveLength(30);
      for (const xid of ordered.slice(30))
        await eventually(async () => expect((await tcc.outcome(xid))?.status).toBe('confirmed'));
      // one probe every five seconds
      expect(place.connections - before).toBeLessThanOrEqual(10);
      for (const xid of ordered.slice(0, 30))
        expect(['cancelling', undefined]).toContain((await tcc.outcome(xid))?.status);
    } finally {
      await close();
      await place.close();
    }
  });

  it('counts an open circuit as no attempt, and is found again when it is back', async () => {
    const { middle, order, attempts, settled, branches, hooks } = alive;
    let isDead = false;
    middle.meddle = ({ deliver }) => (isDead ? { text: '<html>', status: 502 } : deliver());
    hooks.during = ({ phase }) => {
      isDead ||= phase === 'try';
    };
    const { xid } = await order(({ stock }) => stock.keep('this'), { phaseTwo: 'background' });
    await eventually(async () => expect(middle.count(xid, 'confirm')).toBeGreaterThanOrEqual(5));
    await eventually(async () => expect(await branches(xid)).toMatchObject([{ attempts: 5 }]));
    hooks.during = () => undefined;
    isDead = false;
    await settled(xid, 'confirmed');
    const failed = await attempts(xid);
    expect(failed.every(({ error_code: code }) => code === 'TCC_PARTICIPANT_UNREACHABLE')).toBe(true);
    expect(failed.length).toBeLessThanOrEqual(6);
  });
});
