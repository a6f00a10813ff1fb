import { Global, Logger, Module, type DynamicModule, type NestModule, type Provider } from '@nestjs/common';
import { DiscoveryModule, ModuleRef } from '@nestjs/core';
import { BARRIER_PROVIDER, type BarrierProvider } from './barrier/barrier.provider.js';
import { SubstituteBarrierProvider } from './barrier/substitute-barrier.provider.js';
import { dataSourceNamed, TypeOrmBarrierProvider } from './barrier/typeorm-barrier.provider.js';
import { Coordinator } from './coordinator/coordinator.js';
import { Decider } from './coordinator/decider.js';
import { InFlight } from './coordinator/in-flight.js';
import { Leases } from './coordinator/leases.js';
import { PhaseTwoDriver } from './coordinator/phase-two.driver.js';
import { Payloads } from './core/codec/payloads.js';
import { ConfigurationError } from './errors/configuration.error.js';
import { DeferredLedger } from './ledger/deferred-ledger.js';
import { GroupCommit } from './ledger/group-commit.js';
import type { LedgerPort } from './ledger/ledger.port.js';
import { NoLedger } from './ledger/no-ledger.js';
import { PostgresLedger } from './ledger/postgres/postgres-ledger.js';
import { TccEvents } from './observability/tcc-events.js';
import { BranchInterceptor } from './participant/branch.interceptor.js';
import { ParticipantExplorer } from './participant/participant.explorer.js';
import { participantProxy } from './participant/participant-proxy.js';
import { getParticipantToken, injectedNames } from './participant/participant-token.js';
import { ParticipantRegistry } from './participant/participant.registry.js';
import { PhaseTwoInvoker } from './participant/phase-two.invoker.js';
import { RemoteCaller } from './participant/remote/remote-caller.js';
import { TryRunner } from './participant/try-runner.js';
import { Recovery } from './recovery/recovery.js';
import { TccHealth } from './recovery/tcc-health.js';
import { Retention } from './retention/retention.js';
import { TCC_LEDGER, TCC_OPTIONS, TCC_RUNTIME, TCC_SETTINGS } from './tcc.constants.js';
import { TccLifecycle } from './tcc.lifecycle.js';
import { ConfigurableModuleClass } from './tcc.module-definition.js';
import type { TccModuleOptions } from './tcc.options.js';
import { resolveSettings, type TccSettings } from './tcc.settings.js';
import { Tcc } from './tcc.js';
import { CallReceiver } from './transport/call-receiver.js';
import { HttpRoute } from './transport/http/http-route.js';
import { createMicroserviceController } from './transport/microservice/create-controller.js';
import { RECEIVER_SETTINGS, type ReceiverSettings } from './transport/receiver.settings.js';
import { RemoteDirectory } from './transport/remote-directory.js';
import { SignedReceiver } from './transport/signed-receiver.js';
import { poolConfigOf } from './typeorm-pool-config.js';

function ledgerOf(settings: TccSettings, moduleRef: ModuleRef): LedgerPort {
  const { ledger, migrations, ledgerTimeoutMs } = settings;
  if (ledger === false) return new NoLedger();
  if ('port' in ledger) return ledger.port;
  const logger = new Logger('Ledger');
  // Half: a write whose first sending timed out can be sent once more before its caller gives up.
  const options = {
    migrations,
    timeoutMs: Math.ceil(ledgerTimeoutMs / 2),
    warn: (message: string) => logger.warn(message),
    ...(ledger.schema === undefined ? {} : { schema: ledger.schema }),
  };
  if ('connection' in ledger)
    return new PostgresLedger({ ...options, pool: ledger.connection, database: 'the ledger’s database' });
  return new DeferredLedger(() => {
    const dataSource = dataSourceNamed(moduleRef, ledger.dataSource);
    const name = ledger.dataSource ?? 'default';
    if (!dataSource)
      throw new ConfigurationError(
        'ledger',
        `there is no DataSource '${name}'; import TypeOrmModule.forRoot() for it, or give ledger: { connection }`,
      );
    return new PostgresLedger({ ...options, pool: poolConfigOf(dataSource, name), database: `DataSource '${name}'` });
  });
}

const barriersOf = ({ barrier, migrations, faults }: TccSettings, moduleRef: ModuleRef): BarrierProvider =>
  barrier ? new SubstituteBarrierProvider(barrier) : new TypeOrmBarrierProvider(moduleRef, migrations, faults);

const providers: Provider[] = [
  { provide: TCC_SETTINGS, useFactory: (options: TccModuleOptions) => resolveSettings(options), inject: [TCC_OPTIONS] },
  { provide: TCC_LEDGER, useFactory: ledgerOf, inject: [TCC_SETTINGS, ModuleRef] },
  { provide: BARRIER_PROVIDER, useFactory: barriersOf, inject: [TCC_SETTINGS, ModuleRef] },
  {
    provide: Payloads,
    useFactory: ({ codec, maxPayloadBytes }: TccSettings) => new Payloads(codec, maxPayloadBytes),
    inject: [TCC_SETTINGS],
  },
  {
    provide: GroupCommit,
    useFactory: (ledger: LedgerPort, { ledgerTimeoutMs, faults }: TccSettings) =>
      new GroupCommit(ledger, { timeoutMs: ledgerTimeoutMs, fault: faults }),
    inject: [TCC_LEDGER, TCC_SETTINGS],
  },
  {
    provide: Leases,
    useFactory: (ledger: LedgerPort, { leaseMs, faults }: TccSettings) => new Leases(ledger, leaseMs, faults),
    inject: [TCC_LEDGER, TCC_SETTINGS],
  },
  InFlight,
  TccEvents,
  ParticipantRegistry,
  ParticipantExplorer,
  {
    provide: TryRunner,
    useFactory: (payloads: Payloads, { faults }: TccSettings) => new TryRunner(payloads, faults),
    inject: [Payloads, TCC_SETTINGS],
  },
  {
    provide: BranchInterceptor,
    useFactory: (payloads: Payloads, runner: TryRunner) => new BranchInterceptor(payloads, runner),
    inject: [Payloads, TryRunner],
  },
  {
    provide: RemoteCaller,
    useFactory: (payloads: Payloads, { faults }: TccSettings) => new RemoteCaller(payloads, faults),
    inject: [Payloads, TCC_SETTINGS],
  },
  {
    provide: PhaseTwoInvoker,
    useFactory: (registry: ParticipantRegistry, payloads: Payloads, remote: RemoteCaller, { faults }: TccSettings) =>
      new PhaseTwoInvoker(registry, payloads, remote, faults),
    inject: [ParticipantRegistry, Payloads, RemoteCaller, TCC_SETTINGS],
  },
  CallReceiver,
  SignedReceiver,
  HttpRoute,
  RemoteDirectory,
  {
    provide: RECEIVER_SETTINGS,
    useFactory: ({ service, callTimeoutMs, faults, remote }: TccSettings): ReceiverSettings => ({
      service,
      callTimeoutMs,
      faults,
      ...remote,
    }),
    inject: [TCC_SETTINGS],
  },
  {
    provide: PhaseTwoDriver,
    useFactory: (
      ledger: LedgerPort,
      commits: GroupCommit,
      leases: Leases,
      invoker: PhaseTwoInvoker,
      events: TccEvents,
      settings: TccSettings,
    ) => new PhaseTwoDriver(ledger, commits, leases, invoker, events, settings),
    inject: [TCC_LEDGER, GroupCommit, Leases, PhaseTwoInvoker, TccEvents, TCC_SETTINGS],
  },
  {
    provide: Decider,
    useFactory: (commits: GroupCommit, driver: PhaseTwoDriver, inFlight: InFlight, settings: TccSettings) =>
      new Decider(commits, driver, inFlight, settings),
    inject: [GroupCommit, PhaseTwoDriver, InFlight, TCC_SETTINGS],
  },
  {
    provide: Coordinator,
    useFactory: (
      settings: TccSettings,
      commits: GroupCommit,
      payloads: Payloads,
      decider: Decider,
      inFlight: InFlight,
    ) => new Coordinator(settings.service, commits, payloads, decider, inFlight, settings.faults),
    inject: [TCC_SETTINGS, GroupCommit, Payloads, Decider, InFlight],
  },
  {
    provide: Recovery,
    useFactory: (ledger: LedgerPort, driver: PhaseTwoDriver, leases: Leases, settings: TccSettings) => {
      const { pollMs, concurrency } = settings.recovery || { pollMs: 1_000, concurrency: 50 };
      return new Recovery(ledger, driver, leases, { ...settings, pollMs, concurrency });
    },
    inject: [TCC_LEDGER, PhaseTwoDriver, Leases, TCC_SETTINGS],
  },
  {
    provide: Retention,
    useFactory: (ledger: LedgerPort, { service, retentionMs }: TccSettings) =>
      new Retention(ledger, { service, retentionMs: retentionMs === false ? Infinity : retentionMs }),
    inject: [TCC_LEDGER, TCC_SETTINGS],
  },
  {
    provide: TccHealth,
    useFactory: (ledger: LedgerPort, recovery: Recovery, settings: TccSettings) =>
      new TccHealth(ledger, recovery, settings.recovery !== false),
    inject: [TCC_LEDGER, Recovery, TCC_SETTINGS],
  },
  {
    provide: Tcc,
    useFactory: (
      coordinator: Coordinator,
      interceptor: BranchInterceptor,
      registry: ParticipantRegistry,
      remote: RemoteCaller,
      ledger: LedgerPort,
      settings: TccSettings,
    ) => new Tcc(coordinator, interceptor, registry, remote, ledger, settings),
    inject: [Coordinator, BranchInterceptor, ParticipantRegistry, RemoteCaller, TCC_LEDGER, TCC_SETTINGS],
  },
  { provide: TCC_RUNTIME, useExisting: Tcc },
  TccLifecycle,
];

/** The only file that knows all parts. Global, so that decorators and `Tcc` work in every module. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers,
  exports: [Tcc, TCC_RUNTIME, TccEvents, TccHealth, Recovery, TCC_LEDGER, TCC_SETTINGS],
})
export class TccCoreModule extends ConfigurableModuleClass implements NestModule {
  constructor(private readonly route: HttpRoute) {
    super();
  }

  /** Not for a middleware: this is the last moment before the application's own routes. */
  configure(): void {
    this.route.register();
  }
}

/** What differs from application to application: the participants it has injected, the pattern it listens to. */
export function withOwnParts(core: DynamicModule): DynamicModule {
  const injected = (): Provider[] =>
    injectedNames().map((name) => ({
      provide: getParticipantToken(name),
      useFactory: (tcc: Tcc) => participantProxy(name, (method, args) => tcc.callParticipant(name, method, args)),
      inject: [Tcc],
    }));
  return {
    ...core,
    controllers: [createMicroserviceController()],
    // Read when the application starts: by then every class that injects one has been loaded.
    get providers() {
      return [...(core.providers ?? []), ...injected()];
    },
    get exports() {
      return [...(core.exports ?? []), ...injectedNames().map(getParticipantToken)];
    },
  };
}
