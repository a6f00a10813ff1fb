import { fileURLToPath } from 'node:url';
import { placeVariables, type ShopTransport } from '../transport/shop-transport.js';

/** The three processes of the distributed shop, in the order in which they are started; stopped the other way round. */
export const SHOP_PARTS = ['inventory', 'payment', 'shop'] as const;
export type ShopPart = (typeof SHOP_PARTS)[number];

const ENTRIES: Readonly<Record<ShopPart, string>> = {
  inventory: '../../../inventory/src/main.js',
  payment: '../../../payment/src/main.js',
  shop: '../../../storefront/src/main.js',
};

/** Path of the built `main.js` of a part. */
export const entryOf = (part: ShopPart): string => fileURLToPath(new URL(ENTRIES[part], import.meta.url));

/** What the three have in common, and where each of them is. */
export interface ShopPlan {
  readonly transport: ShopTransport;
  /** At least 32 characters. */
  readonly secret: string;
  readonly host: string;
  readonly ports: Readonly<Record<ShopPart, number>>;
}

/** What one of the three has to find in its environment. Databases and brokers are the same for all and not in it. */
export function environmentOf(part: ShopPart, { transport, secret, host, ports }: ShopPlan): Record<string, string> {
  const common = {
    SHOP_TRANSPORT: transport,
    SHOP_SECRET: secret,
    SHOP_STOPS_WITH_PARENT: '1',
    HOST: host,
    PORT: String(ports[part]),
  };
  return part === 'shop' ? { ...common, ...placeVariables(transport, host, ports) } : common;
}
