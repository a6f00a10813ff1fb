import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { TccModule, type TccModuleOptions } from 'nestjs-tcc';
import type { DataSource } from 'typeorm';
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
import { elsewhere } from './places/elsewhere.js';
import { inThisProcess } from './places/in-this-process.js';
import type { PlaceSettings } from './places/place-settings.js';
import { RefundCheck } from './refund/refund-check.js';
import { RefundService } from './refund/refund.service.js';
import { shopSchema } from './shop.schema.js';
import { StockController } from './stock.controller.js';

/** What the storefront needs to know of the place it runs in. */
export interface StorefrontOptions {
  readonly server: DatabaseServer;
  readonly tcc: Omit<TccModuleOptions, 'service'>;
  /** Where inventory and payment are; omitted: in this process. */
  readonly places?: PlaceSettings | undefined;
}

const ENTITIES = [CartEntity, CartLineEntity, OrderEntity];

/** The shop. Where inventory and payment run is a matter of two imports. */
@Module({})
export class StorefrontModule implements OnModuleInit {
  static forRoot({ server, tcc, places }: StorefrontOptions): DynamicModule {
    return {
      module: StorefrontModule,
      imports: [
        databaseModule({ server, name: 'shop', entities: ENTITIES }),
        TypeOrmModule.forFeature(ENTITIES),
        ...(places ? elsewhere(places) : inThisProcess(server)),
        TccModule.forRoot({ service: 'shop', ...tcc, ...(places ? { remote: { keys: places.keys } } : {}) }),
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
