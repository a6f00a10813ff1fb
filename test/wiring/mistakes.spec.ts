import { Module, type Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { NestFactory } from '@nestjs/core';
import { Tcc, TccModule, WiringError, defineParticipant, defineTry, type WiringMistake } from 'nestjs-tcc';
import * as classes from './mistakes.js';

/** Never opened: the mistakes come first. */
const ledger = { connection: { host: '127.0.0.1', port: 1 } };
const dataSources: Provider[] = [
  {
    provide: getDataSourceToken('good'),
    useValue: { options: { type: 'postgres' }, createQueryRunner() {}, manager: { transaction() {} } },
  },
  { provide: getDataSourceToken('sqlite'), useValue: { options: { type: 'better-sqlite3' } } },
];

class Definitions {
  constructor(tcc: Tcc) {
    tcc.register(defineParticipant('same-name', { dataSource: 'good' }, { told: { message: () => undefined } }));
    const spoilt = defineTry({ try: async () => 1, confirm: undefined as never, cancel: false, timeLimit: 0 });
    tcc.register(defineParticipant('\t', { dataSource: 'nowhere' }, { spoilt: spoilt }));
    tcc.register(defineParticipant('empty', { dataSource: false }, {}));
  }
}
Reflect.defineMetadata('design:paramtypes', [Tcc], Definitions);

async function bootErrorOf(providers: Provider[], options: { imports?: unknown[] } = {}): Promise<unknown> {
  @Module({ providers: [classes.ProvidedTwice] })
  class Second {}
  @Module({
    imports: [TccModule.forRoot({ service: 'shop', ledger }), Second, ...((options.imports ?? []) as [])],
    providers: [...dataSources, ...providers],
  })
  class App {}
  try {
    const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
    await app.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Class, method and a word of the problem. */
const EXPECTED: [className: string, method: string | undefined, word: RegExp][] = [
  ['MissingConfirm', 'reserve', /no confirm/],
  ['MissingCancel', 'reserve', /no cancel/],
  ['ConfirmAbsentAndPresent', 'reserve', /confirm: false/],
  ['CancelAbsentAndPresent', 'reserve', /cancel: false/],
  ['SecondConfirm', 'use', /second confirm/],
  ['SecondCancel', 'giveBack', /second cancel/],
  ['PhasesOfNothing', 'usePlain', /'plain'/],
  ['PhasesOfNothing', 'misspelt', /'reserved'/],
  ['PhasesOfNothing', 'useMessage', /'told'/],
  ['SameNameAgain', undefined, /SameName /],
  ['ProvidedTwice', undefined, /App and Second|Second and App/],
  ['OnNoMethod', 'onStatic', /static/],
  ['OnGetter', 'total', /no method/],
  ['OnField', 'work', /no method/],
  ['WithoutParticipant', 'reserve', /participant/],
  ['WithoutTries', undefined, /without a try/],
  ['LostTry', 'reserve', /@Try\(\)/],
  ['LostConfirm', 'use', /@Confirm\(\)/],
  ['LostCancel', 'giveBack', /@Cancel\(\)/],
  ['LostGlobal', 'order', /@GlobalTransaction\(\)/],
  ['DataSourceMissing', undefined, /'nowhere'/],
  ['DefaultDataSourceMissing', undefined, /default DataSource/],
  ['NoPostgres', undefined, /PostgreSQL/],
  ['WithoutTimeLimit', 'reserve', /late try/],
  ['EffectsWithoutDataSource', undefined, /effects/],
  ['SameTryName', 'reserve', /other/],
  ['SameMessageName', 'reserve', /other/],
  ['EmptyName', undefined, /""/],
  ['ZeroInName', undefined, /zero/],
  ['LongName', undefined, /xxx/],
  ['NoName', undefined, /undefined/],
  ['BadTryName', 'reserve', /" "/],
  ['BadTryName', 'told', /\\ud800/],
  ['BadTimeLimit', 'reserve', /soon/],
  ['BadTimeLimit', 'negative', /-5/],
  ['BadGlobal', 'name', /\\n/],
  ['BadGlobal', 'timeout', /0/],
  ['BadGlobal', 'propagation', /REQUIRED_NEW/],
  ['BadGlobal', 'order', /backwards/],
  ['BadGlobal', 'phaseTwo', /later/],
  ['BadGlobal', 'key', /key/],
  ['BadGlobal', 'fingerprint', /fingerprint/],
  ['participant same-name', undefined, /SameName /],
  ['participant \t', undefined, /"\\t"/],
  ['participant \t', 'spoilt', /no confirm/],
  ['participant \t', 'spoilt', /0 is not/],
  ['participant \t', undefined, /'nowhere'/],
  ['participant empty', undefined, /without a try/],
];

const place = ({ class: name, method = '' }: Pick<WiringMistake, 'class' | 'method'>): string => `${name}.${method}`;

describe('wiring mistakes', () => {
  let error: WiringError;

  beforeAll(async () => {
    error = (await bootErrorOf([...Object.values(classes), Definitions])) as WiringError;
  });

  it('are reported all at once, at boot, in one error', () => {
    expect(error).toBeInstanceOf(WiringError);
    const expected = EXPECTED.map(([name, method = '']) => `${name}.${method}`);
    expect(error.mistakes.map(place).sort()).toEqual(expected.sort());
  });

  it.each(EXPECTED)('say of %s.%s what is wrong and what to do', (className, method, word) => {
    const found = error.mistakes.filter((mistake) => mistake.class === className && mistake.method === method);
    const mistake = found.find(({ problem }) => word.test(problem));
    expect(found).toContain(mistake);
    expect(mistake?.remedy).toMatch(/^[A-Z]/);
    for (const part of [className, method ?? '', mistake!.problem, mistake!.remedy])
      expect(error.message).toContain(part);
  });

  it('include a second TccModule: which of the two a decorator would meet is chance', async () => {
    const twice = await bootErrorOf([], { imports: [TccModule.forRoot({ service: 'shop', ledger })] });
    expect(twice).toBeInstanceOf(WiringError);
    expect((twice as WiringError).mistakes).toEqual([expect.objectContaining({ class: 'TccModule' })]);
  });

  it('are none where the same dynamic module is imported in two places', async () => {
    const tcc = TccModule.forRoot({ service: 'shop', ledger });
    @Module({ imports: [tcc] })
    class Feature {}
    @Module({ imports: [tcc, Feature] })
    class App {}
    const failure: unknown = await NestFactory.createApplicationContext(App, {
      logger: false,
      abortOnError: false,
    }).catch((e: unknown) => e);
    // as far as the ledger, that is
    expect(failure).toMatchObject({ name: 'LedgerFailure' });
  });
});
