import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { TccModule, type TccModuleOptions } from 'nestjs-tcc';
import type { DataSource } from 'typeorm';
import { InventoryModule } from '../../inventory/src/inventory.module.js';
import { PaymentModule } from '../../payment/src/payment.module.js';
import { databaseModule } from '../../shared/src/database/database.module.js';
import type { DatabaseServer } from '../../shared/src/database/database-server.js';
import { migrate } from '../../shared/src/database/migrate.js';
import { ShopHttpModule } from '../../shared/src/http/shop-http.module.js';
import { AccountsController } from './accounts.controller.js';
import { CartLineEntity } from './carts/cart-line.entity.js';
import { CartEntity } from './carts/cart.entity.js';
import { CartsController } from './carts/carts.controller.js';
import { CartsService } from './carts/carts.service.js';
import { CheckoutController } from './checkout/checkout.controller.js';
import { CheckoutService } from './checkout/checkout.service.js';
import { QuoteService } from './checkout/quote.service.js';
import { HealthController } from './health/health.controller.js';
import { HealthService } from './health/health.service.js';
import { OrderEntity } from './orders/order.entity.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersParticipant } from './orders/orders.participant.js';
import { OrdersService } from './orders/orders.service.js';
import { RefundCheck } from './refund/refund-check.js';
import { RefundService } from './refund/refund.service.js';
import { shopSchema } from './shop.schema.js';
import { StockController } from './stock.controller.js';

/** What the storefront needs to know of the place it runs in. */
export interface StorefrontOptions {
  readonly server: DatabaseServer;
  readonly tcc: Omit<TccModuleOptions, 'service'>;
}

const ENTITIES = [CartEntity, CartLineEntity, OrderEntity];

/** The shop. The only file that knows where inventory and payment run: here, in the same process. */
@Module({})
export class StorefrontModule implements OnModuleInit {
  static forRoot({ server, tcc }: StorefrontOptions): DynamicModule {
    return {
      module: StorefrontModule,
      imports: [
        databaseModule({ server, name: 'shop', entities: ENTITIES }),
        TypeOrmModule.forFeature(ENTITIES),
        InventoryModule.forRoot(server),
        PaymentModule.forRoot(server),
        TccModule.forRoot({ service: 'shop', ...tcc }),
        ShopHttpModule,
      ],
      controllers: [
        CartsController,
        CheckoutController,
        OrdersController,
        StockController,
        AccountsController,
        HealthController,
      ],
      providers: [
        CartsService,
        QuoteService,
        CheckoutService,
        OrdersParticipant,
        OrdersService,
        RefundCheck,
        RefundService,
        HealthService,
      ],
    };
  }

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async onModuleInit(): Promise<void> {
    await migrate(this.dataSource, shopSchema);
  }
}
