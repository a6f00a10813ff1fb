import { Transport, type NatsOptions, type RedisOptions, type RmqOptions } from '@nestjs/microservices';
import type { ShopTransport } from './shop-transport.js';

/** A service behind a Nest transport. Both sides are set up from the same. */
export interface NestAddress {
  readonly transport: Exclude<ShopTransport, 'http'>;
  /** Name of the service; a broker knows it by this. */
  readonly service: string;
  /** TCP: of the service. Otherwise of the broker. */
  readonly url: string;
}

/** What clients and servers are given alike. */
export type NestTransportOptions =
  | { readonly transport: Transport.TCP; readonly options: { readonly host: string; readonly port: number } }
  | RedisOptions
  | NatsOptions
  | RmqOptions;

const FOR_EVER = Number.MAX_SAFE_INTEGER;
const RECONNECT_MS = 200;
/** Nobody waits longer for an answer, and a call that old would be turned away as stale. */
const WAITS_IN_QUEUE_MS = 60_000;
const QUEUE_OUTLIVES_ITS_USERS_MS = 3_600_000;

/** Connections are made anew for ever: what is owed to a service is owed until it is back. */
export function nestTransport({ transport, service, url }: NestAddress): NestTransportOptions {
  const { hostname: host, port, protocol, username, password, pathname } = new URL(url);
  switch (transport) {
    case 'tcp':
      return { transport: Transport.TCP, options: { host, port: Number(port) } };
    case 'redis':
      return {
        transport: Transport.REDIS,
        options: {
          host,
          port: Number(port || 6_379),
          ...(username === '' ? {} : { username: decodeURIComponent(username) }),
          ...(password === '' ? {} : { password: decodeURIComponent(password) }),
          ...(/^\/\d+$/.test(pathname) ? { db: Number(pathname.slice(1)) } : {}),
          ...(protocol === 'rediss:' ? { tls: {} } : {}),
          retryAttempts: FOR_EVER,
          retryDelay: RECONNECT_MS,
        },
      };
    case 'nats':
      return {
        transport: Transport.NATS,
        options: { servers: [url], queue: service, maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS },
      };
    case 'rabbitmq':
      return {
        transport: Transport.RMQ,
        options: {
          urls: [url],
          queue: `shop.${service}`,
          queueOptions: { durable: true, messageTtl: WAITS_IN_QUEUE_MS, expires: QUEUE_OUTLIVES_ITS_USERS_MS },
          socketOptions: { reconnectTimeInSeconds: 1 },
        },
      };
  }
}
