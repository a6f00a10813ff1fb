import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatabaseServer } from '../../../apps/shared/src/database/database-server.js';
import { spawnPart, type PartProcess } from '../../../apps/storefront/src/demo/part-process.js';

const ENTRY = resolve('dist/apps/storefront/src/main.js');

/** The shops of one spec file: real processes of the built shop, killed with {@link ShopProcesses.end}. */
export class ShopProcesses {
  private readonly ending = new AbortController();
  private readonly shops: PartProcess[] = [];

  /** The environment is ours and this; without `DATABASE_URL` in it the shop owns its server. */
  async start(env: Readonly<Record<string, string>>): Promise<PartProcess> {
    if (!existsSync(ENTRY)) throw new Error('The shop is not built: npm run build.');
    const shop = await spawnPart({
      part: 'shop',
      entry: ENTRY,
      env: { DATABASE_URL: '', ...env },
      signal: this.ending.signal,
    });
    this.shops.push(shop);
    return shop;
  }

  async end(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.shops.map((shop) => shop.kill()));
  }
}

/** The server that a shop with this `SHOP_DATA_DIR` owns, while it runs. */
export function ownServer(dataDir: string): DatabaseServer {
  const port = readFileSync(join(dataDir, 'server', 'postmaster.pid'), 'utf8').split('\n')[3];
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, prefix: '' };
}
