import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { databaseModule } from '../../shared/src/database/database.module.js';
import type { DatabaseServer } from '../../shared/src/database/database-server.js';
import { migrate } from '../../shared/src/database/migrate.js';
import { AccountEntity } from './account.entity.js';
import { AccountReader } from './account.reader.js';
import { ACCOUNTS } from './contract.js';
import { paymentSchema } from './payment.schema.js';
import { PaymentService } from './payment.service.js';

/** The payment with its database. Needs a TccModule in the same application. */
@Module({})
export class PaymentModule implements OnModuleInit {
  static forRoot(server: DatabaseServer): DynamicModule {
    return {
      module: PaymentModule,
      imports: [
        databaseModule({ server, name: 'payment', dataSource: 'payment', entities: [AccountEntity] }),
        TypeOrmModule.forFeature([AccountEntity], 'payment'),
      ],
      providers: [PaymentService, AccountReader, { provide: ACCOUNTS, useExisting: AccountReader }],
      exports: [ACCOUNTS],
    };
  }

  constructor(@InjectDataSource('payment') private readonly dataSource: DataSource) {}

  async onModuleInit(): Promise<void> {
    await migrate(this.dataSource, paymentSchema);
  }
}
