import { ConfigurationError, type SigningKey, type TccModuleOptions } from 'nestjs-tcc';
import type { DatabaseServer } from '../database/database-server.js';
import { databaseSettings } from '../settings/database-settings.js';
import { Environment } from '../settings/environment.js';
import { tccOptionsFromEnv } from '../settings/tcc-options-from-env.js';
import { brokerUrl, shopTransport, type ShopTransport } from '../transport/shop-transport.js';

/** What the environment says of a service that the storefront calls. */
export interface ServiceSettings {
  /** Its name on the wire. */
  readonly service: string;
  readonly transport: ShopTransport;
  /** HTTP and TCP: where it listens. */
  readonly host: string;
  readonly port: number;
  /** The others: where the broker is. */
  readonly broker: string | undefined;
  readonly server: DatabaseServer;
  readonly keys: readonly SigningKey[];
  readonly tcc: Omit<TccModuleOptions, 'service'>;
}

/** @throws ConfigurationError naming the variable that cannot work */
export function serviceSettings(name: string, usualPort: number, env: NodeJS.ProcessEnv): ServiceSettings {
  const read = new Environment(env);
  const { databaseUrl, prefix } = databaseSettings(read);
  if (databaseUrl === undefined) {
    throw new ConfigurationError('DATABASE_URL', 'it is needed here; npm run start:distributed brings a server along');
  }
  const transport = shopTransport(read) ?? 'http';
  return {
    service: prefix + name,
    transport,
    host: read.text('HOST') ?? '127.0.0.1',
    port: read.port('PORT', usualPort),
    broker: brokerUrl(transport, read),
    server: { url: databaseUrl, prefix },
    keys: shopKeys(read),
    tcc: tccOptionsFromEnv(env),
  };
}

/** With what calls between the shop's services are signed. @throws ConfigurationError when there is no secret */
export function shopKeys(env: Environment): SigningKey[] {
  const secret = env.text('SHOP_SECRET');
  if (secret !== undefined) return [{ id: 'shop', secret }];
  throw new ConfigurationError('SHOP_SECRET', 'it is needed here: at least 32 characters, the same for all services');
}
