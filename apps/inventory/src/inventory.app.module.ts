import { Module, type DynamicModule } from '@nestjs/common';
import { TccModule } from 'nestjs-tcc';
import { ShopHttpModule } from '../../shared/src/http/shop-http.module.js';
import type { ServiceSettings } from '../../shared/src/service/service-settings.js';
import { StockController } from './api/stock.controller.js';
import { stockMessages } from './api/stock.messages.js';
import { InventoryModule } from './inventory.module.js';

/** The inventory as an application of its own: a participant that others call, and questions about the stock. */
@Module({})
export class InventoryAppModule {
  static forRoot({ server, tcc, service, keys, transport }: Omit<ServiceSettings, 'host' | 'port'>): DynamicModule {
    const isHttp = transport === 'http';
    return {
      module: InventoryAppModule,
      imports: [
        InventoryModule.forRoot(server),
        TccModule.forRoot({ ...tcc, service, ledger: false, remote: { keys } }),
        ...(isHttp ? [ShopHttpModule] : []),
      ],
      controllers: [isHttp ? StockController : stockMessages(service)],
    };
  }
}
