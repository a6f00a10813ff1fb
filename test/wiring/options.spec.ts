import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigurationError, Tcc, TCC_SETTINGS, TccModule, type TccModuleOptions, type TccSettings } from 'nestjs-tcc';
import type { TestDatabase } from '../support/database.js';
import { createShopDatabase, holdsOf } from '../providers/support/shop-app.js';
import { Holds, Journal, Shop, STOCK, Stock } from '../providers/support/stock.js';

const boot = (imports: DynamicModule[], providers: object[] = []) => {
  @Module({ imports, providers: providers as [] })
  class App {}
  return NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
};

/** Each cannot work; what is left out is as it should be. */
const WRONG: [option: string, given: unknown][] = [
  ['service', { service: undefined }],
  ['service', { service: '' }],
  ['service', { service: 'a\u0000' }],
  ['service', { service: 'x'.repeat(201) }],
  ['service', { service: 42 }],
  ['instance', { instance: 'a\u0000' }],
  ['ledger', { ledger: 'postgres://localhost' }],
  ['migrations', { migrations: 'never' }],
  ['phaseTwo', { phaseTwo: 'later' }],
  ['timeout', { timeout: -1 }],
  ['timeout', { timeout: 0 }],
  ['timeout', { timeout: Number.NaN }],
  ['timeout', { timeout: Number.POSITIVE_INFINITY }],
  ['timeout', { timeout: '30' }],
  ['timeout', { timeout: '-30s' }],
  ['timeout', { timeout: '30 s' }],
  ['timeout', { timeout: '1000h' }],
  ['phaseTwoWait', { phaseTwoWait: '0s' }],
  ['callTimeout', { callTimeout: '0.1ms' }],
  ['lease', { lease: '50ms' }],
  ['ledgerTimeout', { ledgerTimeout: {} }],
  ['recovery.poll', { recovery: { poll: 'often' } }],
  ['recovery.concurrency', { recovery: { concurrency: 0 } }],
  ['recovery.concurrency', { recovery: { concurrency: 1.5 } }],
  ['retry.initial', { retry: { initial: -1 } }],
  ['retry.cap', { retry: { cap: '25d' } }],
  ['drain', { drain: '' }],
  ['retention', { retention: '59s' }],
  ['retention', { retention: '87673h' }],
  ['retention', { retention: true }],
  ['retention', { retention: '2m', ledgerTimeout: '61s' }],
  ['maxPayloadBytes', { maxPayloadBytes: 0 }],
  ['maxPayloadBytes', { maxPayloadBytes: '1MB' }],
  ['codec', { codec: { encode: String } }],
];

describe('options of the module', () => {
  it.each(WRONG)('%s: refused at boot: %j', async (option, given) => {
    const options = { service: 'shop', ...(given as object) } as TccModuleOptions;
    const error: unknown = await boot([TccModule.forRoot(options)]).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ code: 'TCC_CONFIGURATION', option });
  });

  it('are required', async () => {
    const error: unknown = await boot([TccModule.forRoot(undefined as never)]).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'TCC_CONFIGURATION', option: 'service' });
  });

  it.each([
    ['default', {}],
    ['named', { dataSource: 'nowhere' }],
  ])('ledger: refused at boot when its %s DataSource is not there', async (_which, ledger) => {
    const error: unknown = await boot([TccModule.forRoot({ service: 'shop', ledger })]).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'TCC_CONFIGURATION', option: 'ledger' });
  });

  describe('with a database', () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await createShopDatabase();
    });
    afterAll(() => database?.drop());

    const providers = [
      Holds,
      Shop,
      Stock,
      { provide: STOCK, useExisting: Stock },
      { provide: Journal, useValue: new Journal() },
    ];

    it('may come from a factory, and the DataSource after the module', async () => {
      @Module({ providers: [{ provide: 'CONFIG', useValue: { name: 'from-config' } }], exports: ['CONFIG'] })
      class ConfigModule {}
      const tcc = TccModule.forRootAsync({
        imports: [ConfigModule],
        inject: ['CONFIG'],
        useFactory: async (config: { name: string }) => ({ service: config.name, recovery: { poll: '20ms' as const } }),
      });
      const app = await boot([tcc, TypeOrmModule.forRoot({ type: 'postgres', url: database.url })], providers);
      const xid = await app.get(Shop).buy('apple');
      expect(await holdsOf(app, xid)).toEqual(['used']);
      expect(app.get<TccSettings>(TCC_SETTINGS).service).toBe('from-config');
      await app.close();
    });

    it('ledger: refused at boot when its client takes no statements together', async () => {
      const connection = { connectionString: database.url, pipeline: true };
      const tcc = TccModule.forRoot({ service: 'shop', ledger: { connection } });
      const error: unknown = await boot([tcc]).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'TCC_CONFIGURATION', option: 'ledger' });
    });

    it('of a factory are judged as any', async () => {
      const tcc = TccModule.forRootAsync({ useFactory: () => ({ service: 'shop', timeout: -1 }) });
      const error: unknown = await boot([tcc]).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'TCC_CONFIGURATION', option: 'timeout' });
    });

    it('of tcc.run() are judged at the call', async () => {
      const imports = [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url }),
        TccModule.forRoot({ service: 'shop' }),
      ];
      const app = await boot(imports, providers);
      const run = (options: object): Promise<unknown> =>
        app
          .get(Tcc)
          .run({ name: 'x', ...options }, () => Promise.resolve('ran'))
          .catch((e: unknown) => (e as { option: string }).option);
      expect(await run({})).toBe('ran');
      expect(await run({ propagation: 'REQUIRED_NEW' })).toBe('propagation of tcc.run()');
      expect(await run({ timeout: '30' })).toBe('timeout of tcc.run()');
      expect(await run({ name: '\u0000' })).toBe('name of tcc.run()');
      expect(await run({ key: 42 })).toBe('key of x');
      expect(await run({ key: null })).toBe('key of x');
      await app.close();
    });
  });
});
