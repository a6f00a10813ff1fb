import type { SigningKey } from 'nestjs-tcc';
import { shopKeys } from '../../../shared/src/service/service-settings.js';
import type { Environment } from '../../../shared/src/settings/environment.js';
import { brokerUrl, shopTransport, type ShopTransport } from '../../../shared/src/transport/shop-transport.js';

/** A service that is a process of its own. */
export interface ServicePlace {
  /** Its name on the wire. */
  readonly service: string;
  /** HTTP and TCP: its own. Otherwise the broker's. */
  readonly url: string;
}

/** Where inventory and payment are when they are not in this process. */
export interface PlaceSettings {
  readonly transport: ShopTransport;
  readonly keys: readonly SigningKey[];
  readonly inventory: ServicePlace;
  readonly payment: ServicePlace;
}

/** @returns undefined: they are in this process. @throws ConfigurationError naming the variable that cannot work */
export function placeSettings(env: Environment, prefix: string): PlaceSettings | undefined {
  const transport = shopTransport(env);
  if (transport === undefined) return undefined;
  const broker = brokerUrl(transport, env);
  const place = (name: string, variable: string): ServicePlace => ({
    service: prefix + name,
    url: broker ?? env.requiredUrl(variable, `${transport}://127.0.0.1:3001`),
  });
  return {
    transport,
    keys: shopKeys(env),
    inventory: place('inventory', 'INVENTORY_URL'),
    payment: place('payment', 'PAYMENT_URL'),
  };
}
