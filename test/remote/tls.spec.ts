import { Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cancel, Confirm, InjectParticipant, Participant, Tcc, TccModule, Try, type RemoteTls } from 'nestjs-tcc';
import { InMemoryLedger } from 'nestjs-tcc-testing';
import { generate } from 'selfsigned';

const remote = { keys: [{ id: 'k1', secret: 'a secret of at least thirty-two characters' }] };

@Injectable()
@Participant('greeter', { dataSource: false })
class GreeterService {
  @Try({ timeLimit: '5s' })
  greet(name: string): Promise<string> {
    return Promise.resolve(`hello ${name}`);
  }
  @Confirm('greet')
  greeted(): void {}
  @Cancel('greet')
  notGreeted(): void {}
}

@Module({
  imports: [TccModule.forRoot({ service: 'hall', ledger: false, remote })],
  providers: [GreeterService],
})
class Hall {}

@Injectable()
class Guest {
  constructor(
    @InjectParticipant('greeter') readonly greeter: Pick<GreeterService, 'greet'>,
    readonly tcc: Tcc,
  ) {}
}

const authority = (): ReturnType<typeof generate> =>
  generate([{ name: 'commonName', value: 'hall' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
    clientCertificate: { cn: 'guest', algorithm: 'sha256' },
  });

describe('a participant behind an HTTPS server that asks for a certificate', () => {
  let hall: INestApplication;
  let url: string;
  let ours: Awaited<ReturnType<typeof authority>>;
  let theirs: Awaited<ReturnType<typeof authority>>;

  beforeAll(async () => {
    [ours, theirs] = await Promise.all([authority(), authority()]);
    hall = await NestFactory.create(Hall, {
      logger: false,
      abortOnError: false,
      httpsOptions: { key: ours.private, cert: ours.cert, ca: ours.cert, requestCert: true, rejectUnauthorized: true },
    });
    await hall.listen(0, '127.0.0.1');
    url = `https://127.0.0.1:${(hall.getHttpServer().address() as { port: number }).port}`;
  });
  afterAll(() => hall?.close());

  async function greetedWith(tls: RemoteTls): Promise<unknown> {
    @Module({
      imports: [
        TccModule.forRoot({ service: 'guest', ledger: { port: new InMemoryLedger() }, remote, recovery: false }),
        TccModule.forRemote([{ participant: 'greeter', service: 'hall', url, tls }]),
      ],
      providers: [Guest],
    })
    class Street {}
    const app = await NestFactory.createApplicationContext(Street, { logger: false, abortOnError: false });
    const guest = app.get(Guest);
    try {
      return await guest.tcc
        .run({ name: 'visit', phaseTwo: 'background' }, () => guest.greeter.greet('ann'))
        .catch((error: { code?: string }) => error.code);
    } finally {
      await app.close();
    }
  }

  it('is called with the certificate and the authority of forRemote()', async () => {
    expect(await greetedWith({ ca: ours.cert, cert: ours.clientcert!, key: ours.clientprivate! })).toBe('hello ann');
  });

  it.each([
    ['no certificate', () => ({ ca: ours.cert })],
    ["somebody else's certificate", () => ({ ca: ours.cert, cert: theirs.clientcert!, key: theirs.clientprivate! })],
    ['another authority', () => ({ ca: theirs.cert, cert: ours.clientcert!, key: ours.clientprivate! })],
  ])('is not reached with %s', async (_, tls: () => RemoteTls) => {
    expect(await greetedWith(tls())).toBe('TCC_PARTICIPANT_UNREACHABLE');
  });
});
