import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { databaseModule } from '../../shared/src/database/database.module.js';
import type { DatabaseServer } from '../../shared/src/database/database-server.js';
import { migrate } from '../../shared/src/database/migrate.js';
import { STOCK_LEVELS } from './contract.js';
import { inventorySchema } from './inventory.schema.js';
import { InventoryService } from './inventory.service.js';
import { StockEntity } from './stock.entity.js';
import { StockReader } from './stock.reader.js';

/** The inventory with its database. Needs a TccModule in the same application. */
@Module({})
export class InventoryModule implements OnModuleInit {
  static forRoot(server: DatabaseServer): DynamicModule {
    return {
      module: InventoryModule,
      imports: [
        databaseModule({ server, name: 'inventory', dataSource: 'inventory', entities: [StockEntity] }),
        TypeOrmModule.forFeature([StockEntity], 'inventory'),
      ],
      providers: [InventoryService, StockReader, { provide: STOCK_LEVELS, useExisting: StockReader }],
      exports: [STOCK_LEVELS],
    };
  }

  constructor(@InjectDataSource('inventory') private readonly dataSource: DataSource) {}

  async onModuleInit(): Promise<void> {
    await migrate(this.dataSource, inventorySchema);
  }
}
