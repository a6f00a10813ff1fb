import { Module, type DynamicModule } from '@nestjs/common';
import { TccModule } from 'nestjs-tcc';
import { ShopHttpModule } from '../../shared/src/http/shop-http.module.js';
import type { ServiceSettings } from '../../shared/src/service/service-settings.js';
import { AccountController } from './api/account.controller.js';
import { accountMessages } from './api/account.messages.js';
import { PaymentModule } from './payment.module.js';

/** The payment as an application of its own: a participant that others call, and questions about accounts. */
@Module({})
export class PaymentAppModule {
  static forRoot({ server, tcc, service, keys, transport }: Omit<ServiceSettings, 'host' | 'port'>): DynamicModule {
    const isHttp = transport === 'http';
    return {
      module: PaymentAppModule,
      imports: [
        PaymentModule.forRoot(server),
        TccModule.forRoot({ ...tcc, service, ledger: false, remote: { keys } }),
        ...(isHttp ? [ShopHttpModule] : []),
      ],
      controllers: [isHttp ? AccountController : accountMessages(service)],
    };
  }
}
