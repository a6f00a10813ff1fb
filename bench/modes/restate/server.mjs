import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { locate } from '../../peers/packages.mjs';
import { RESTATE_SERVER } from './program.mjs';

const START_MS = 60_000;
const STOP_MS = 10_000;

/**
 * A Restate server with a fresh data folder, and the service known to it.
 *
 * @param {{ servicePort: number, ports: [number, number, number] }} where
 */
export async function startServer({ servicePort, ports: [ingressPort, adminPort, nodePort] }) {
  const program = locate(RESTATE_SERVER);
  const folder = mkdtempSync(join(tmpdir(), 'bench-restate-'));
  const server = spawn(program, ['--no-logo', '--base-dir', folder, '--listen-mode', 'tcp', '--bind-ip', '127.0.0.1'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      RESTATE_INGRESS__BIND_PORT: String(ingressPort),
      RESTATE_ADMIN__BIND_PORT: String(adminPort),
      RESTATE_BIND_PORT: String(nodePort),
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'warn',
      RESTATE_ADMIN__DISABLE_WEB_UI: 'true',
    },
  });
  const ended = once(server, 'exit');
  // however this process ends
  const end = () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', end);
  await register(adminPort, servicePort, ended);
  return {
    pid: server.pid,
    ingressPort,
    async stop() {
      server.kill('SIGTERM');
      await Promise.race([ended, pause(STOP_MS)]);
      process.off('exit', end);
      end();
    },
  };
}

async function register(adminPort, servicePort, ended) {
  const giveUpAt = performance.now() + START_MS;
  const body = JSON.stringify({ uri: `http://127.0.0.1:${servicePort}`, force: true });
  const headers = { 'content-type': 'application/json' };
  for (;;) {
    let why;
    try {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/deployments`, { method: 'POST', headers, body });
      if (answer.ok) return;
      why = await answer.text();
    } catch (error) {
      why = error.message;
    }
    const [code] = await Promise.race([ended, pause(200, [undefined])]);
    if (code !== undefined) throw new Error(`restate-server ended with ${code}`);
    if (performance.now() > giveUpAt) throw new Error(`restate-server is not ready: ${why}`);
  }
}
