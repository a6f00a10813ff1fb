import { Injectable, Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import {
  InjectParticipant,
  Tcc,
  TccModule,
  type RemoteParticipantOptions,
  type RunOptions,
  type TccModuleOptions,
} from 'nestjs-tcc';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { createTestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { within } from '../../support/within.js';
import { Middle } from './middle.js';
import { StockHooks } from './stock.hooks.js';
import { CourierService, StockService } from './stock.participant.js';
import { SoldOutError, Stock, StockHold, StockNote, type Courier, type StockRoom } from './stock.js';
import type { Running, TransportUnderTest } from './transports.js';

export const KEYS = [{ id: 'k1', secret: 'a secret of at least thirty-two characters' }];
/** How long a call of phase two may take. */
export const CALL_TIMEOUT_MS = 1_500;

@Injectable()
export class Shop {
  constructor(
    @InjectParticipant('stock') readonly stock: StockRoom,
    @InjectParticipant('courier') readonly courier: Courier,
    readonly tcc: Tcc,
  ) {}
}

/** How a test wants its two applications. */
export interface PairOptions {
  readonly there?: Partial<TccModuleOptions>;
  readonly here?: Partial<TccModuleOptions>;
  readonly stock?: Partial<RemoteParticipantOptions>;
  readonly participants?: readonly Type[];
}

interface Attempt {
  readonly phase: string;
  readonly error_code: string;
}

/** A branch as the ledger has it. */
interface BranchRow {
  readonly attempts: number;
  readonly parked: boolean;
  readonly settled: boolean;
}

/** Two applications: one has the participants, the other one calls them. Each has a database of its own. */
export interface Pair {
  readonly middle: Middle;
  readonly hooks: StockHooks;
  readonly tcc: Tcc;
  readonly shop: Shop;
  readonly source: DataSource;
  readonly there: Running;
  /** Where the participants' application listens itself, with nobody in between. */
  readonly port: number;
  /** The service name, which tests sign for. */
  readonly service: string;
  /** Runs an initiator. */
  readonly order: <T>(
    work: (shop: Shop) => Promise<T>,
    options?: Partial<RunOptions>,
  ) => Promise<{ xid: string; value: T }>;
  /** The error that an initiator ends with, and its transaction. */
  readonly failure: (
    work: (shop: Shop) => Promise<unknown>,
    options?: Partial<RunOptions>,
  ) => Promise<{ xid: string; error: unknown }>;
  /** Resolves when the transaction has this status and nothing is owed. */
  readonly settled: (xid: string, status: 'confirmed' | 'cancelled') => Promise<void>;
  readonly attempts: (xid: string) => Promise<Attempt[]>;
  readonly branches: (xid: string) => Promise<BranchRow[]>;
  /** Nobody else's article, with so many in stock. */
  readonly article: (free: number) => Promise<string>;
  readonly stockOf: (sku: string) => Promise<{ free: number; sold: number; held: number }>;
  /** What the barrier of a branch says. */
  readonly barrier: (xid: string) => Promise<string[]>;
  /** Ends the participants' application and starts one with these. */
  readonly redeploy: (participants: readonly Type[], options?: Partial<TccModuleOptions>) => Promise<void>;
  /** Ends it, and does not start another. */
  readonly stopThere: () => Promise<void>;
  readonly stopHere: () => Promise<void>;
  /** As at the start of a test. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

let articles = 0;

export async function startPair(transport: TransportUnderTest, options: PairOptions = {}): Promise<Pair> {
  const [ledger, database] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const observer = new pg.Pool({ connectionString: ledger.url, max: 2 });
  const service = `warehouse ${process.pid}.${++articles}`;
  const address = await transport.open();
  const middle = new Middle();
  const reach = await address.reach(middle);

  const moduleThere = (participants: readonly Type[], more: Partial<TccModuleOptions> = {}): Type => {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Stock, StockHold, StockNote],
          synchronize: true,
          poolSize: 10,
        }),
        TypeOrmModule.forFeature([Stock, StockHold, StockNote]),
        TccModule.forRoot({
          service,
          ledger: false,
          remote: { keys: KEYS },
          callTimeout: CALL_TIMEOUT_MS,
          ...options.there,
          ...more,
        }),
      ],
      controllers: [...transport.controllers],
      providers: [StockHooks, ...(participants as Provider[])],
    })
    class There {}
    return There;
  };
  const remote: DynamicModule[] = [
    TccModule.forRemote([
      { participant: 'stock', service, messages: ['note'], errors: [SoldOutError], ...reach.entry, ...options.stock },
    ]),
    TccModule.forRemoteAsync({ useFactory: () => [{ participant: 'courier', service, ...reach.entry }] }),
  ];
  @Module({
    imports: [
      ...reach.imports,
      TccModule.forRoot({
        service: 'shop',
        ledger: { connection: { connectionString: ledger.url, max: 5 } },
        remote: { keys: KEYS },
        recovery: { poll: 50 },
        retry: { initial: 20, cap: 200 },
        callTimeout: CALL_TIMEOUT_MS,
        ...options.here,
      }),
      ...remote,
    ],
    providers: [Shop],
  })
  class Here {}

  const participants = options.participants ?? [StockService, CourierService];
  let there: Running | undefined = await address.serve(moduleThere(participants)).catch(async (error: unknown) => {
    await Promise.all([reach.close(), observer.end()]);
    throw error;
  });
  const here = await NestFactory.createApplicationContext(Here, { logger: false, abortOnError: false });
  const shop = here.get(Shop);
  const { tcc } = shop;
  const source = (): DataSource => there!.get<DataSource>(getDataSourceToken());
  let isHereStopped = false;
  const stopHere = async (): Promise<void> => {
    if (!isHereStopped) await here.close();
    isHereStopped = true;
  };
  const stopThere = async (): Promise<void> => {
    await within(20_000, 'closing the participants', there?.close());
    there = undefined;
  };

  const pair: Pair = {
    middle,
    shop,
    tcc,
    service,
    port: address.port ?? 0,
    get there() {
      return there!;
    },
    get hooks() {
      return there!.get(StockHooks);
    },
    get source() {
      return source();
    },
    order: async (work, run) => {
      let xid = '';
      const value = await tcc.run({ name: 'order', ...run }, async () => {
        xid = tcc.transaction.xid;
        return work(shop);
      });
      return { xid, value };
    },
    failure: async (work, run) => {
      let xid = '';
      const error: unknown = await tcc
        .run({ name: 'order', ...run }, async () => {
          xid = tcc.transaction.xid;
          return work(shop);
        })
        .then(
          () => {
            throw new Error('the order went through');
          },
          (reason: unknown) => reason,
        );
      return { xid, error };
    },
    settled: (xid, status) =>
      eventually(async () => {
        expect(await tcc.outcome(xid)).toMatchObject({ status, parked: 0 });
      }, 40_000),
    attempts: async (xid) =>
      (await observer.query<Attempt>('select phase, error_code from tcc_attempt where xid = $1', [xid])).rows,
    branches: async (xid) =>
      (
        await observer.query<BranchRow>(
          'select attempts, parked_at is not null as parked, settled_at is not null as settled from tcc_branch where xid = $1 order by seq',
          [xid],
        )
      ).rows,
    article: async (free) => {
      const sku = `article ${++articles}`;
      await source().getRepository(Stock).insert({ sku, free });
      return sku;
    },
    stockOf: async (sku) => {
      const { free, sold } = await source().getRepository(Stock).findOneByOrFail({ sku });
      const held = await source().getRepository(StockHold).sum('quantity', { sku });
      return { free, sold, held: Number(held ?? 0) };
    },
    barrier: async (xid) =>
      (
        await source().query<{ status: string }[]>('select status from tcc_barrier where xid = $1 order by seq', [xid])
      ).map(({ status }) => status),
    redeploy: async (others, more) => {
      await stopThere();
      there = await address.serve(moduleThere(others, more));
    },
    stopThere,
    stopHere,
    reset: () => {
      middle.meddle = ({ deliver }) => deliver();
      if (there) pair.hooks.during = () => undefined;
    },
    close: async () => {
      await stopHere();
      await reach.close();
      await stopThere();
      await address.close();
      await observer.end();
      await Promise.all([ledger.drop(), database.drop()]);
    },
  };
  return pair;
}
