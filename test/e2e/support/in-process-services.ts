import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, INestApplication, INestMicroservice } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TccModuleOptions } from 'nestjs-tcc';
import { InventoryAppModule } from '../../../apps/inventory/src/inventory.app.module.js';
import { PaymentAppModule } from '../../../apps/payment/src/payment.app.module.js';
import type { DatabaseServer } from '../../../apps/shared/src/database/database-server.js';
import { nestTransport } from '../../../apps/shared/src/transport/nest-transport.js';
import type { PlaceSettings } from '../../../apps/storefront/src/places/place-settings.js';
import { SILENT } from './silent.js';

/** Where inventory and payment are. */
export const TOPOLOGIES = ['one process', 'http', 'tcp'] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** Inventory and payment as applications of their own. */
export interface InProcessServices {
  readonly places: PlaceSettings;
  close(): Promise<void>;
}

const KEYS = [{ id: 'shop', secret: 'known to the three applications of this test' }];

type AppModule = typeof InventoryAppModule | typeof PaymentAppModule;

export async function inProcessServices(
  transport: 'http' | 'tcp',
  server: DatabaseServer,
  tcc: Omit<TccModuleOptions, 'service'>,
): Promise<InProcessServices> {
  const moduleOf = (module: AppModule, service: string): DynamicModule =>
    module.forRoot({ server, tcc, service, keys: KEYS, transport, broker: undefined });
  const listen = transport === 'http' ? overHttp : overTcp;
  const [inventory, payment] = await Promise.all([
    listen(moduleOf(InventoryAppModule, 'inventory')),
    listen(moduleOf(PaymentAppModule, 'payment')),
  ]);
  return {
    places: {
      transport,
      keys: KEYS,
      inventory: { service: 'inventory', url: inventory.url },
      payment: { service: 'payment', url: payment.url },
    },
    close: async () => {
      await Promise.all([inventory.app.close(), payment.app.close()]);
    },
  };
}

interface Listening {
  readonly app: INestApplication | INestMicroservice;
  readonly url: string;
}

async function overHttp(module: DynamicModule): Promise<Listening> {
  const testing = await Test.createTestingModule({ imports: [module] })
    .setLogger(SILENT)
    .compile();
  const app = testing.createNestApplication({ logger: SILENT });
  await app.listen(0, '127.0.0.1');
  return { app, url: `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}` };
}

async function overTcp(module: DynamicModule): Promise<Listening> {
  const testing = await Test.createTestingModule({ imports: [module] })
    .setLogger(SILENT)
    .compile();
  const options = nestTransport({ transport: 'tcp', service: '', url: 'tcp://127.0.0.1:0' });
  const app = testing.createNestMicroservice({ ...options, logger: SILENT });
  await app.listen();
  const { port } = app.unwrap<{ address(): AddressInfo }>().address();
  return { app, url: `tcp://127.0.0.1:${port}` };
}
