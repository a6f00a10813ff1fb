import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpCarrier } from '../../libs/tcc/src/transport/http/http-carrier.js';

describe('a connection to another application', () => {
  it('is not kept for as long as the server offers', async () => {
    const ended: Promise<unknown>[] = [];
    const server = http.createServer({ keepAliveTimeout: 72_000 }, (_, response) => void response.end('here'));
    server.on('connection', (socket) => ended.push(new Promise((resolve) => void socket.once('close', resolve))));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const carrier = new HttpCarrier({
      url: `http://127.0.0.1:${port}`,
      connectTimeoutMs: 1_000,
      tls: {},
      maxAnswerBytes: 1_000,
    });
    try {
      const answer = await carrier.carry({ body: 'x', signature: undefined }, { timeoutMs: 1_000, signal: undefined });
      expect(answer.text).toBe('here');
      expect(ended).toHaveLength(1);
      await Promise.all(ended);
    } finally {
      await carrier.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }, 20_000);
});
