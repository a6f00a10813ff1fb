import { randomBytes } from 'node:crypto';
import type { ShopPlan, ShopPart } from '../../shared/src/process/shop-parts.js';
import { databaseSettings } from '../../shared/src/settings/database-settings.js';
import { Environment } from '../../shared/src/settings/environment.js';
import { shopTransport } from '../../shared/src/transport/shop-transport.js';
import { freePort, untilFree } from '../../shared/src/process/free-port.js';

/** What the environment says of the three. */
export interface LauncherSettings {
  readonly plan: ShopPlan;
  /** A server; undefined: an embedded one of our own. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
}

/** @throws ConfigurationError naming the variable that cannot work; what the system says of a port that is taken */
export async function launcherSettings(env: NodeJS.ProcessEnv): Promise<LauncherSettings> {
  const read = new Environment(env);
  const host = read.text('HOST') ?? '127.0.0.1';
  // Fixed from here on: a process that is started again is where the others know it to be.
  const portOf = async (variable: string, usual: number): Promise<number> => {
    const port = read.port(variable, usual);
    if (port === 0) return freePort(host);
    await untilFree(port, host);
    return port;
  };
  const ports: Record<ShopPart, number> = {
    shop: await portOf('PORT', 3_000),
    inventory: await portOf('INVENTORY_PORT', 0),
    payment: await portOf('PAYMENT_PORT', 0),
  };
  const secret = read.text('SHOP_SECRET') ?? randomBytes(32).toString('hex');
  return {
    plan: { transport: shopTransport(read) ?? 'http', secret, host, ports },
    databaseUrl: databaseSettings(read).databaseUrl,
    dataDir: read.text('SHOP_DATA_DIR') ?? '.shop-data',
  };
}
