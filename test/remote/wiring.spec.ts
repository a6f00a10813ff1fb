import { Inject, Injectable, Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import {
  Cancel,
  Confirm,
  getParticipantToken,
  InjectParticipant,
  Participant,
  Tcc,
  TccHealth,
  TccModule,
  Try,
  type RemoteParticipantOptions,
  type TccModuleOptions,
} from 'nestjs-tcc';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { KEYS, startPair, type Pair } from './support/pair.js';
import { express } from './support/transports.js';

interface Greeter {
  greet(name: string): Promise<string>;
}

interface Wiring {
  readonly entries: readonly RemoteParticipantOptions[];
  readonly imports?: readonly DynamicModule[];
  readonly options?: Partial<TccModuleOptions>;
}

/** What it has done, in this process. */
const done: string[] = [];

@Injectable()
@Participant('greeter', { dataSource: false })
class GreeterService implements Greeter {
  @Try({ timeLimit: '5s' })
  greet(name: string): Promise<string> {
    return Promise.resolve(`hello ${name}`);
  }

  @Confirm('greet')
  greeted(name: string): void {
    done.push(`greeted ${name}`);
  }

  @Cancel('greet')
  notGreeted(): void {}
}

/** The same code, wherever the greeter is. */
@Injectable()
class Reception {
  constructor(
    @InjectParticipant('greeter') readonly greeter: Greeter,
    @Inject(Tcc) readonly tcc: Tcc,
  ) {}

  welcome(name: string): Promise<string> {
    return this.tcc.run({ name: 'welcome' }, () => this.greeter.greet(name));
  }
}

const ENTRY: RemoteParticipantOptions = { participant: 'greeter', service: 'greetings', url: 'http://127.0.0.1:9' };

describe('where a participant is, is configuration', () => {
  let database: TestDatabase;
  let apps: INestApplicationContext[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    apps = [];
    done.length = 0;
  });
  afterAll(() => database?.drop());

  const root = (options: Partial<TccModuleOptions> = {}): DynamicModule =>
    TccModule.forRoot({
      service: 'reception',
      ledger: { connection: { connectionString: database.url } },
      remote: { keys: KEYS },
      ...options,
    });

  async function start(
    imports: readonly DynamicModule[],
    providers: readonly (new (...args: never[]) => object)[],
  ): Promise<INestApplicationContext> {
    @Module({ imports: [...imports], providers: [...providers] })
    class App {}
    const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
    apps.push(app);
    return app;
  }

  const failure = (imports: readonly DynamicModule[], ...providers: (new (...args: never[]) => object)[]) =>
    start(imports, providers).then(
      () => {
        throw new Error('it started');
      },
      (error: Error & { code?: string }) => error,
    );

  it('is called here by the code that would call it elsewhere', async () => {
    const app = await start([root()], [Reception, GreeterService]);
    expect(await app.get(Reception).welcome('you')).toBe('hello you');
    expect(done).toEqual(['greeted you']);
  });

  it('is called elsewhere, by what a factory says', async () => {
    @Module({
      imports: [TccModule.forRoot({ service: 'greetings', ledger: false, remote: { keys: KEYS } })],
      providers: [GreeterService],
    })
    class Greetings {}
    const there = await NestFactory.create(Greetings, { logger: false, abortOnError: false });
    apps.push(there);
    await there.listen(0, '127.0.0.1');
    const url = await there.getUrl();
    const remote = TccModule.forRemoteAsync({ useFactory: () => Promise.resolve([{ ...ENTRY, url }]) });
    const app = await start([root(), remote], [Reception]);
    expect(await app.get(Reception).welcome('you')).toBe('hello you');
    expect(done).toEqual(['greeted you']);
  });

  it('is replaced in a test, with or without a place', async () => {
    for (const imports of [[root()], [root(), TccModule.forRemote([ENTRY])]]) {
      const module = await Test.createTestingModule({ imports, providers: [Reception] })
        .overrideProvider(getParticipantToken('greeter'))
        .useValue({ greet: (name: string) => Promise.resolve(`hi ${name}`) })
        .compile();
      const app = module.createNestApplication({ logger: false });
      apps.push(app);
      await app.init();
      expect(await app.get(Reception).welcome('you')).toBe('hi you');
    }
  });

  it('offers participants without a ledger, and begins nothing', async () => {
    const app = await start([root({ ledger: false })], [GreeterService]);
    const tcc = app.get(Tcc);
    await expect(tcc.run({ name: 'x' }, () => Promise.resolve())).rejects.toMatchObject({
      code: 'TCC_CONFIGURATION',
      message: expect.stringContaining('ledger: false') as unknown,
    });
    expect(await app.get(TccHealth).check()).toEqual({ ledger: true, recovery: true });
  });

  it('fails the boot when it is injected and nowhere', async () => {
    const error = await failure([root()], Reception);
    expect(error.code).toBe('TCC_WIRING');
    expect(error.message).toContain("'greeter'");
  });

  const client = (provider: object): DynamicModule => {
    class Clients {}
    return { module: Clients, providers: [{ provide: 'CLIENT', useValue: provider }] };
  };
  const { url: _url, ...placeless } = ENTRY;
  const viaClient = { ...placeless, client: 'CLIENT' };
  const grpc = { send: () => undefined, publish: () => undefined, getService: () => undefined };
  const emitOnly = { send: () => undefined, emit: () => undefined };

  const WRONG: Readonly<Record<string, Wiring>> = {
    'both url and client': { entries: [{ ...ENTRY, client: 'CLIENT' }] },
    neither: { entries: [placeless] },
    'a url that is none': { entries: [{ ...ENTRY, url: 'inventory:3001' }] },
    'a url of another scheme': { entries: [{ ...ENTRY, url: 'ftp://inventory' }] },
    'a url with a password': { entries: [{ ...ENTRY, url: 'http://me:hunter2hunter2@inventory' }] },
    'a url with a query': { entries: [{ ...ENTRY, url: 'http://inventory/?token=hunter2hunter2' }] },
    'the same twice': { entries: [ENTRY, ENTRY] },
    'no name': { entries: [{ ...ENTRY, participant: '' }] },
    'no service': { entries: [{ ...ENTRY, service: ' ' }] },
    'a client that nobody provides': { entries: [viaClient] },
    'a client that is none': { entries: [viaClient], imports: [client({})] },
    'a gRPC client': { entries: [viaClient], imports: [client(grpc)] },
    'a client that can only emit': { entries: [viaClient], imports: [client(emitOnly)] },
    'no keys': { entries: [ENTRY], options: { remote: {} } },
    'a timeout that is none': { entries: [{ ...ENTRY, timeout: 'soon' as '1s' }] },
  };
  it.each(Object.keys(WRONG))('fails the boot with %s', async (what) => {
    const { entries, imports = [], options = {} } = WRONG[what]!;
    const error = await failure([root(options), ...imports, TccModule.forRemote(entries)], Reception);
    expect(error.code).toBe('TCC_CONFIGURATION');
    expect(error.message).not.toContain('hunter2');
  });

  it('fails the boot when it is here and elsewhere', async () => {
    const error = await failure([root(), TccModule.forRemote([ENTRY])], Reception, GreeterService);
    expect(error.code).toBe('TCC_CONFIGURATION');
  });

  const SWAPPED = 'a secret that stands in the wrong place';
  it.each<[string, { id: string; secret: string }[]]>([
    ['a short secret', [{ id: 'k1', secret: 'hunter2hunter2' }]],
    ['id and secret swapped', [{ id: SWAPPED, secret: 'k1' }]],
    ['a hexadecimal secret as id', [{ id: 'hunter2hunter2', secret: 'k1' }]],
    ['two keys of one id', [...KEYS, ...KEYS]],
  ])('fails the boot with %s, and tells no secret', async (_what, keys) => {
    const error = await failure([root({ remote: { keys } })], GreeterService);
    expect(error.code).toBe('TCC_CONFIGURATION');
    for (const secret of [SWAPPED, 'hunter2', KEYS[0]!.secret]) expect(error.message).not.toContain(secret);
  });
});

describe('participants of two services behind one client', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair(express);
  });
  afterAll(() => pair?.close());

  it('are each called by the name of their own service', async () => {
    const heard: string[] = [];
    const real = ClientProxyFactory.create({ transport: Transport.TCP, options: { port: 9 } });
    const client = Object.assign(real, {
      send: (pattern: string) => {
        heard.push(pattern);
        throw new Error('nobody there');
      },
    });
    class Clients {}
    class Both {
      constructor(
        @InjectParticipant('one') readonly one: Greeter,
        @InjectParticipant('two') readonly two: Greeter,
        readonly tcc: Tcc,
      ) {}
    }
    const database = await createTestDatabase();
    const module = await Test.createTestingModule({
      imports: [
        { module: Clients, providers: [{ provide: 'CLIENT', useValue: client }] },
        TccModule.forRoot({
          service: 'both',
          ledger: { connection: { connectionString: database.url } },
          remote: { keys: KEYS },
        }),
        TccModule.forRemote([
          { participant: 'one', service: 'first', client: 'CLIENT' },
          { participant: 'two', service: 'second', client: 'CLIENT' },
        ]),
      ],
      providers: [Both],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init();
    const { one, two, tcc } = app.get(Both);
    for (const each of [one, two])
      await tcc.run({ name: 'x', phaseTwo: 'background' }, () => each.greet('you')).catch(() => undefined);
    expect(new Set(heard)).toEqual(new Set(['nestjs-tcc.participants.first', 'nestjs-tcc.participants.second']));
    await app.close();
    await database.drop();
  });
});
