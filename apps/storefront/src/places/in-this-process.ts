import type { DynamicModule } from '@nestjs/common';
import { InventoryModule } from '../../../inventory/src/inventory.module.js';
import { PaymentModule } from '../../../payment/src/payment.module.js';
import type { DatabaseServer } from '../../../shared/src/database/database-server.js';

/** Inventory and payment as modules of this application. */
export const inThisProcess = (server: DatabaseServer): DynamicModule[] => [
  InventoryModule.forRoot(server),
  PaymentModule.forRoot(server),
];
