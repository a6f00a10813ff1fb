import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ShopPart } from '../../../apps/shared/src/process/shop-parts.js';
import { eventually } from '../../support/eventually.js';

const ENTRY = resolve('dist/apps/launcher/src/main.js');
const STARTS_WITHIN_MS = 60_000;

/** `npm run start:distributed`, as a process. */
export interface LaunchedShop {
  readonly pid: number;
  /** All that it has said. */
  output(): string;
  /** Process ids that a part has had, the present one last. */
  pids(part: ShopPart): number[];
  /** Resolves with its URL when all three serve. */
  opened(): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export function launchShop(env: Readonly<Record<string, string>>): LaunchedShop {
  if (!existsSync(ENTRY)) throw new Error('The shop is not built: npm run build.');
  const blank = { DATABASE_URL: '', SHOP_TRANSPORT: '', SHOP_SECRET: '', INVENTORY_PORT: '', PAYMENT_PORT: '' };
  const child = spawn(process.execPath, [ENTRY], {
    env: { ...process.env, PORT: '0', ...blank, SHOP_STOPS_WITH_PARENT: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<number | string>((settle) =>
    child.once('close', (code, signal) => settle(code ?? signal ?? 'unknown')),
  );
  return {
    pid: child.pid!,
    output: () => text,
    pids: (part) => [...text.matchAll(new RegExp(`^${part} is process (\\d+)$`, 'gm'))].map(([, pid]) => Number(pid)),
    opened: () =>
      eventually(() => {
        const [, url] = /^the shop is open at (http:\S+)$/m.exec(text) ?? [];
        if (url === undefined) throw new Error(`not open yet: ${text}`);
        return url;
      }, STARTS_WITHIN_MS),
    signal: (signal) => void child.kill(signal),
    ended,
  };
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
