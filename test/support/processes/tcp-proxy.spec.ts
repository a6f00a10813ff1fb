import net from 'node:net';
import { once } from 'node:events';
import { TcpProxy } from './tcp-proxy.js';

/** A server that answers what it gets and says goodbye only when it is told. */
async function conversation() {
  const server = net.createServer((socket) => socket.pipe(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const proxy = await TcpProxy.to(`postgres://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  const client = net.connect({ host: '127.0.0.1', port: Number(new URL(proxy.url).port) });
  const [[far]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [[net.Socket], unknown];
  return {
    proxy,
    client,
    far,
    close: async () => {
      client.destroy();
      await proxy.close();
      far.destroy();
      server.close();
    },
  };
}

describe('the proxy of fault tests', () => {
  it('keeps a forgotten connection from the server that its client ends, until the server finds out', async () => {
    const { proxy, client, far, close } = await conversation();
    proxy.forget('requests');
    const closed = once(far, 'close');
    client.end();
    await once(client, 'finish');
    // what is sent behind it has an answer: had the end been passed on, the server would know
    const behind = net.connect({ host: '127.0.0.1', port: Number(new URL(proxy.url).port) });
    behind.write(Buffer.of(0, 0, 0, 8, 0, 0, 0, 0));
    await once(behind, 'data');
    expect(far.readableEnded).toBe(false);

    proxy.endForgotten();
    await closed;
    behind.destroy();
    await close();
  });

  it('tells the server at once of an end behind that', async () => {
    const { proxy, client, far, close } = await conversation();
    proxy.forget('requests');
    proxy.endForgotten();
    client.end();
    await expect(once(far, 'close')).resolves.toBeDefined();
    await close();
  });

  it('delivers what was under way when its client died, and the end behind it', async () => {
    const { proxy, client, far, close } = await conversation();
    proxy.requestDelayMs = () => {
      client.resetAndDestroy();
      return 50;
    };
    const message = Buffer.of(0, 0, 0, 8, 0, 0, 0, 0);
    const events: unknown[] = [];
    far.on('data', (piece) => events.push(piece)).on('end', () => events.push('end'));
    const closed = once(far, 'close');
    client.write(message);
    await closed;
    expect(events).toEqual([message, 'end']);
    await close();
  });
});
