import { ConfigurationError } from 'nestjs-tcc';
import type { Environment } from '../settings/environment.js';

/** How the storefront reaches inventory and payment when they are processes of their own. */
export const SHOP_TRANSPORTS = ['http', 'tcp', 'redis', 'nats', 'rabbitmq'] as const;
export type ShopTransport = (typeof SHOP_TRANSPORTS)[number];

/** Those that go through a broker: where it is, and where it usually is. */
const BROKERS = {
  redis: { variable: 'REDIS_URL', usual: 'redis://127.0.0.1:6379' },
  nats: { variable: 'NATS_URL', usual: 'nats://127.0.0.1:4222' },
  rabbitmq: { variable: 'RABBITMQ_URL', usual: 'amqp://127.0.0.1:5672' },
} as const;

/** @returns undefined: `SHOP_TRANSPORT` is not set. @throws ConfigurationError when it is none of them */
export function shopTransport(env: Environment): ShopTransport | undefined {
  const text = env.text('SHOP_TRANSPORT');
  const known = SHOP_TRANSPORTS.find((transport) => transport === text);
  if (text === undefined || known) return known;
  throw new ConfigurationError('SHOP_TRANSPORT', `${JSON.stringify(text)} is none of ${SHOP_TRANSPORTS.join(', ')}`);
}

/** @returns undefined: there is no broker between the two. @throws ConfigurationError when its URL is none */
export function brokerUrl(transport: ShopTransport, env: Environment): string | undefined {
  if (transport === 'http' || transport === 'tcp') return undefined;
  const { variable, usual } = BROKERS[transport];
  return env.url(variable, usual) ?? usual;
}

/** Variables that tell the storefront where the others listen; through a broker they listen nowhere. */
export function placeVariables(
  transport: ShopTransport,
  host: string,
  ports: { readonly inventory: number; readonly payment: number },
): Record<string, string> {
  if (transport !== 'http' && transport !== 'tcp') return {};
  return {
    INVENTORY_URL: `${transport}://${host}:${ports.inventory}`,
    PAYMENT_URL: `${transport}://${host}:${ports.payment}`,
  };
}
