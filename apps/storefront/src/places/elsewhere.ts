import type { DynamicModule } from '@nestjs/common';
import { ClientsModule, type ClientProxy } from '@nestjs/microservices';
import { TccModule, type RemoteParticipantOptions } from 'nestjs-tcc';
import { STOCK_LEVELS } from '../../../inventory/src/contract.js';
import { NotSoldError } from '../../../inventory/src/errors/not-sold.error.js';
import { OutOfStockError } from '../../../inventory/src/errors/out-of-stock.error.js';
import { UnknownSkuError } from '../../../inventory/src/errors/unknown-sku.error.js';
import { RemoteStockLevels } from '../../../inventory/src/remote-stock-levels.js';
import { ACCOUNTS } from '../../../payment/src/contract.js';
import { InsufficientFundsError } from '../../../payment/src/errors/insufficient-funds.error.js';
import { NotCapturedError } from '../../../payment/src/errors/not-captured.error.js';
import { UnknownCustomerError } from '../../../payment/src/errors/unknown-customer.error.js';
import { RemoteAccounts } from '../../../payment/src/remote-accounts.js';
import { ClientPlace } from '../../../shared/src/queries/client-place.js';
import { HttpPlace } from '../../../shared/src/queries/http-place.js';
import type { Place } from '../../../shared/src/queries/place.js';
import { nestTransport } from '../../../shared/src/transport/nest-transport.js';
import type { PlaceSettings } from './place-settings.js';

/** A customer waits for the answer. */
const TRY_TIMEOUT = '5s';

/** Their refusals reach the customer as they are, whichever process they come from. */
const INVENTORY: Omit<RemoteParticipantOptions, 'service'> = {
  participant: 'inventory',
  timeout: TRY_TIMEOUT,
  errors: [UnknownSkuError, OutOfStockError, NotSoldError],
};
const PAYMENT: Omit<RemoteParticipantOptions, 'service'> = {
  participant: 'payment',
  timeout: TRY_TIMEOUT,
  errors: [UnknownCustomerError, InsufficientFundsError, NotCapturedError],
};

class ReadersModule {}

/** Inventory and payment as processes of their own. */
export function elsewhere(settings: PlaceSettings): DynamicModule[] {
  return settings.transport === 'http' ? overHttp(settings) : overNest(settings, settings.transport);
}

function overHttp({ inventory, payment }: PlaceSettings): DynamicModule[] {
  return [
    TccModule.forRemote([
      { ...INVENTORY, ...inventory },
      { ...PAYMENT, ...payment },
    ]),
    readers(
      () => new HttpPlace('inventory', inventory.url),
      () => new HttpPlace('payment', payment.url),
    ),
  ];
}

const INVENTORY_CLIENT = Symbol('INVENTORY_CLIENT');
const PAYMENT_CLIENT = Symbol('PAYMENT_CLIENT');

function overNest(
  { inventory, payment }: PlaceSettings,
  transport: Exclude<PlaceSettings['transport'], 'http'>,
): DynamicModule[] {
  const clients = ClientsModule.register([
    { name: INVENTORY_CLIENT, ...nestTransport({ transport, ...inventory }) },
    { name: PAYMENT_CLIENT, ...nestTransport({ transport, ...payment }) },
  ]);
  return [
    clients,
    TccModule.forRemote([
      { ...INVENTORY, service: inventory.service, client: INVENTORY_CLIENT },
      { ...PAYMENT, service: payment.service, client: PAYMENT_CLIENT },
    ]),
    readers(
      (client) => new ClientPlace('inventory', inventory.service, client),
      (client) => new ClientPlace('payment', payment.service, client),
      clients,
    ),
  ];
}

type MakePlace = (client: ClientProxy) => Place;

function readers(inventory: MakePlace, payment: MakePlace, clients?: DynamicModule): DynamicModule {
  const injects = (token: symbol): symbol[] => (clients ? [token] : []);
  return {
    module: ReadersModule,
    imports: clients ? [clients] : [],
    providers: [
      {
        provide: STOCK_LEVELS,
        useFactory: (client: ClientProxy) => new RemoteStockLevels(inventory(client)),
        inject: injects(INVENTORY_CLIENT),
      },
      {
        provide: ACCOUNTS,
        useFactory: (client: ClientProxy) => new RemoteAccounts(payment(client)),
        inject: injects(PAYMENT_CLIENT),
      },
    ],
    exports: [STOCK_LEVELS, ACCOUNTS],
  };
}
