import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doesListen, type Broker } from './brokers/broker.js';
import { OwnBroker } from './brokers/own-broker.js';
import { freePort } from './support/transports.js';

/** A broker that ends at its first start, as RabbitMQ does when it finds a port taken, and listens from the second on. */
const SHY = `
  import { existsSync, writeFileSync } from 'node:fs';
  import net from 'node:net';
  const [, , port] = process.argv;
  if (existsSync('been-here')) net.createServer().listen(Number(port), '127.0.0.1');
  else writeFileSync('been-here', '');
`;

describe('a broker of a test of its own', () => {
  let scripts: string;
  let broker: Broker;
  beforeAll(async () => {
    scripts = await mkdtemp(join(tmpdir(), 'tcc-shy-'));
    const script = join(scripts, 'shy.mjs');
    await writeFile(script, SHY);
    // `which` finds it: nothing is installed
    broker = {
      command: 'node',
      port: 0,
      start: (port) => ({ command: process.execPath, args: [script, String(port)] }),
    };
  });
  afterAll(() => rm(scripts, { recursive: true, force: true }));

  it('is started again when it ends before it listens', async () => {
    const own = await OwnBroker.start(broker, await freePort());
    try {
      expect(await doesListen(own.port)).toBe(true);
      await own.kill();
      expect(await doesListen(own.port)).toBe(false);
      await own.start();
      expect(await doesListen(own.port)).toBe(true);
    } finally {
      await own.close();
    }
    expect(await doesListen(own.port)).toBe(false);
  });
});
