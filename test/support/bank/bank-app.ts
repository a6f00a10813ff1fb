import { Injectable, Module, type INestApplicationContext, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import { GlobalTransaction, Tcc, TccModule, type TccModuleOptions } from 'nestjs-tcc';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../database.js';
import { BankHooks, NorthBank, SouthBank } from './bank.participant.js';
import { Hold, Wallet } from './wallet.entity.js';

/** Takes money from an owner's wallet in both banks, or in neither. */
@Injectable()
export class Transfers {
  constructor(
    readonly north: NorthBank,
    readonly south: SouthBank,
    readonly tcc: Tcc,
  ) {}

  @GlobalTransaction({ name: 'transfer' })
  async take(owner: string, amount: number, during?: () => Promise<void> | void): Promise<string> {
    await this.north.withdraw(owner, amount);
    await during?.();
    await this.south.withdraw(owner, amount);
    return this.tcc.transaction.xid;
  }

  @GlobalTransaction({
    name: 'keyed',
    key: (key: string, _owner: string, _amount: number) => key,
    fingerprint: (_key: string, owner: string, amount: number) => ({ owner, amount }),
  })
  async takeOnce(key: string, owner: string, amount: number): Promise<{ xid: string; at: Date }> {
    await Promise.all([this.north.withdraw(owner, amount), this.south.withdraw(owner, amount)]);
    return { xid: this.tcc.transaction.xid, at: new Date(0) };
  }
}

/** Three databases: the ledger's, and one for each bank. */
export interface BankDatabases {
  readonly ledger: TestDatabase;
  readonly north: TestDatabase;
  readonly south: TestDatabase;
  drop(): Promise<void>;
}

export async function createBankDatabases(): Promise<BankDatabases> {
  const [ledger, north, south] = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()]);
  return {
    ledger,
    north,
    south,
    drop: async () => {
      await Promise.all([ledger.drop(), north.drop(), south.drop()]);
    },
  };
}

/** An application with both banks. */
export interface BankApp {
  readonly app: INestApplicationContext;
  readonly transfers: Transfers;
  readonly tcc: Tcc;
  readonly hooks: BankHooks;
  readonly north: DataSource;
  readonly south: DataSource;
  /** Gives each of these owners this much in both banks. */
  fund(owners: readonly string[], amount: number): Promise<void>;
  /** balance, held and gone of an owner, in both banks. */
  wallets(owner: string): Promise<{ north: Sums; south: Sums }>;
  close(): Promise<void>;
}

type Sums = Pick<Wallet, 'balance' | 'held' | 'gone'>;

/** Short times, so that recovery is quick; everything else as by default. */
export const QUICK: Omit<TccModuleOptions, 'service'> = {
  timeout: '10s',
  lease: '2s',
  recovery: { poll: '50ms' },
  retry: { initial: '50ms', cap: '500ms' },
};

export async function startBank(
  databases: BankDatabases,
  options: Partial<TccModuleOptions> = {},
  extra: Provider[] = [],
): Promise<BankApp> {
  const database = (name: 'north' | 'south') =>
    TypeOrmModule.forRoot({
      name,
      type: 'postgres',
      url: databases[name].url,
      entities: [Wallet, Hold],
      synchronize: true,
      poolSize: 10,
    });

  @Module({
    imports: [
      database('north'),
      database('south'),
      TccModule.forRoot({
        ...QUICK,
        service: 'bank',
        ledger: { connection: { connectionString: databases.ledger.url } },
        ...options,
      }),
    ],
    providers: [BankHooks, NorthBank, SouthBank, Transfers, ...extra],
  })
  class BankModule {}

  const app = await NestFactory.createApplicationContext(BankModule, {
    logger: process.env['TCC_TEST_LOG'] ? undefined : false,
    abortOnError: false,
  });
  const north = app.get<DataSource>(getDataSourceToken('north'));
  const south = app.get<DataSource>(getDataSourceToken('south'));
  const sums = async (source: DataSource, owner: string): Promise<Sums> => {
    const { balance, held, gone } = await source.getRepository(Wallet).findOneByOrFail({ owner });
    return { balance, held, gone };
  };
  return {
    app,
    transfers: app.get(Transfers),
    tcc: app.get(Tcc),
    hooks: app.get(BankHooks),
    north,
    south,
    fund: async (owners, amount) => {
      for (const source of [north, south]) {
        await source.getRepository(Wallet).save(owners.map((owner) => ({ owner, balance: amount, held: 0, gone: 0 })));
      }
    },
    wallets: async (owner) => ({ north: await sums(north, owner), south: await sums(south, owner) }),
    close: () => app.close(),
  };
}
