// Restate: a handler of four steps. The service and its callers are in this process, the server is one of its own with
// its default settings. A step is at least once, so the barrier row stays in the business transaction.
import http from 'node:http';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { load } from '../peers/packages.mjs';
import { byHand } from '../workload/by-hand.mjs';
import { throughPg } from '../workload/local-transaction.mjs';
import { freePorts } from './restate/free-ports.mjs';
import { startServer } from './restate/server.mjs';

// its SDK calls what came with Node 22
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};

/** @type {import('./modes.mjs').Start} */
export async function start({ urls, poolSize, concurrency }) {
  const restate = await load('@restatedev/restate-sdk');
  const pools = {
    north: new pg.Pool({ connectionString: urls.north, max: poolSize }),
    south: new pg.Pool({ connectionString: urls.south, max: poolSize }),
  };
  const service = restate.service({
    name: 'transfer',
    handlers: {
      run: async (context, { xid, accounts }) => {
        const step = (side, phase, _, id) =>
          context.run(`${phase} ${side}`, () => throughPg(pools[side], side, phase, xid, id));
        await byHand(step, xid, accounts, { all: restate.RestatePromise.all });
      },
    },
  });
  const ports = await freePorts(4);
  await restate.serve({ services: [service], port: ports[0], logger: () => undefined });
  const server = await startServer({ servicePort: ports[0], ports: ports.slice(1) });
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  const call = (body) => post(server.ingressPort, '/transfer/run', body, agent);
  const transfer = (accounts) => call(JSON.stringify({ xid: uuidv7(), accounts }));
  // it answers before it knows the service
  await eventually(() => transfer({ from: 1, to: 1 }));
  return {
    transfer,
    before: 1,
    peerPid: server.pid,
    async stop() {
      agent.destroy();
      await server.stop();
      await Promise.all([pools.north.end(), pools.south.end()]);
    },
  };
}

const post = (port, path, body, agent) =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = http.request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (data) => (text += data));
      response.on('end', () =>
        response.statusCode < 300 ? resolve() : reject(new Error(`${response.statusCode} ${text}`)),
      );
    });
    request.on('error', reject).end(body);
  });

async function eventually(work) {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
