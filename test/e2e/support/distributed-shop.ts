import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { freePort } from '../../../apps/shared/src/process/free-port.js';
import { environmentOf, type ShopPart, type ShopPlan } from '../../../apps/shared/src/process/shop-parts.js';
import { SHOP_TRANSPORTS, type ShopTransport } from '../../../apps/shared/src/transport/shop-transport.js';
import { spawnPart, type PartProcess } from '../../../apps/storefront/src/demo/part-process.js';
import type { ShopDatabases } from './shop-databases.js';

/** Where the built parts are. */
const ENTRIES: Readonly<Record<ShopPart, string>> = {
  inventory: resolve('dist/apps/inventory/src/main.js'),
  payment: resolve('dist/apps/payment/src/main.js'),
  shop: resolve('dist/apps/storefront/src/main.js'),
};

export type Environment = Readonly<Record<string, string>>;

/** Nobody has to wait long for what would come by itself anyway. */
const IMPATIENT: Environment = {
  TCC_TIMEOUT: '4s',
  TCC_LEASE: '1s',
  TCC_POLL: '200ms',
  TCC_CALL_TIMEOUT: '1s',
  TCC_PHASE_TWO_WAIT: '1s',
  TCC_RETRY_INITIAL: '200ms',
  TCC_RETRY_CAP: '1s',
};

/** `npm test` needs Node and npm only; `npm run test:distributed` names the others, some of which need a broker. */
export function testedTransports(): ShopTransport[] {
  const asked = (process.env['SHOP_TEST_TRANSPORTS'] ?? 'http').split(',');
  const known = SHOP_TRANSPORTS.filter((transport) => asked.includes(transport));
  if (known.length !== asked.length)
    throw new Error(`SHOP_TEST_TRANSPORTS names others than ${SHOP_TRANSPORTS.join()}`);
  return known;
}

/** The shop as three real processes, each of which a test can end and start again in its place. */
export class DistributedShop {
  private readonly ending = new AbortController();
  private readonly all: PartProcess[] = [];
  private readonly parts = new Map<ShopPart, PartProcess>();

  private constructor(
    private readonly plan: ShopPlan,
    private readonly common: Environment,
  ) {}

  /** Makes a plan; nothing runs yet. @param env for all three */
  static async plan(
    databases: ShopDatabases,
    transport: ShopTransport,
    env: Environment = IMPATIENT,
  ): Promise<DistributedShop> {
    if (!existsSync(ENTRIES.inventory)) throw new Error('The shop is not built: npm run build.');
    const host = '127.0.0.1';
    const ports = { inventory: await freePort(host), payment: await freePort(host), shop: await freePort(host) };
    const plan = { transport, secret: 'known to the three processes of this test', host, ports };
    return new DistributedShop(plan, { ...databases.env, ...env });
  }

  /** Starts all three, or some. @param env for one of them */
  async start(env: Partial<Record<ShopPart, Environment>> = {}): Promise<void> {
    await Promise.all((Object.keys(ENTRIES) as ShopPart[]).map((part) => this.restart(part, env[part])));
  }

  /** Starts a part where the others know it to be; ends it first where it still runs. */
  async restart(part: ShopPart, env: Environment = {}): Promise<PartProcess> {
    await this.parts.get(part)?.kill();
    const process = await spawnPart({
      part,
      entry: ENTRIES[part],
      env: { ...environmentOf(part, this.plan), ...this.common, ...env },
      signal: this.ending.signal,
    });
    this.all.push(process);
    this.parts.set(part, process);
    return process;
  }

  part(part: ShopPart): PartProcess {
    return this.parts.get(part)!;
  }

  /** Of the storefront, or of another one that listens. */
  url(part: ShopPart = 'shop'): string {
    const { host, ports, transport } = this.plan;
    return `${part === 'shop' ? 'http' : transport}://${host}:${ports[part]}`;
  }

  async end(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.all.map((process) => process.kill()));
  }
}
