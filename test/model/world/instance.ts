import type { BarrierPort, LedgerPort, Recovery } from 'nestjs-tcc';
import { defaultPayloadCodec, Tcc, TccEvents, type TccSettings } from 'nestjs-tcc';
import { Coordinator } from '../../../libs/tcc/src/coordinator/coordinator.js';
import { InFlight } from '../../../libs/tcc/src/coordinator/in-flight.js';
import type { Leases } from '../../../libs/tcc/src/coordinator/leases.js';
import { Payloads } from '../../../libs/tcc/src/core/codec/payloads.js';
import { noFaults } from '../../../libs/tcc/src/core/fault-point.js';
import { GroupCommit } from '../../../libs/tcc/src/ledger/group-commit.js';
import { buildDefinition } from '../../../libs/tcc/src/participant/definition.builder.js';
import type { ParticipantDefinition } from '../../../libs/tcc/src/participant/participant-definition.js';
import type { ParticipantTry } from '../../../libs/tcc/src/participant/participant.js';
import { ParticipantRegistry } from '../../../libs/tcc/src/participant/participant.registry.js';
import { PhaseTwoInvoker } from '../../../libs/tcc/src/participant/phase-two.invoker.js';
import { RemoteCaller } from '../../../libs/tcc/src/participant/remote/remote-caller.js';
import { TryRunner } from '../../../libs/tcc/src/participant/try-runner.js';
import { Recovery as RealRecovery } from '../../../libs/tcc/src/recovery/recovery.js';
import type { ModelProcess } from '../engine/model-process.js';
import { PARTICIPANTS } from './participants.js';
import type { Parts } from './parts.js';

export const TIMEOUT_MS = 1_000;
export const LEASE_MS = 3_000;
/** Short: two lost answers in a row use it up. */
const LEDGER_TIMEOUT_MS = 60;
const CALL_TIMEOUT_MS = 2_500;

/** One application instance: the real parts, put together as the module does it, in a process of the model. */
export class Instance {
  readonly tcc: Tcc;
  readonly leases: Leases;
  private readonly recovery: Recovery;
  private looking = false;

  constructor(
    readonly process: ModelProcess,
    port: LedgerPort,
    barrier: BarrierPort,
    parts: Parts,
    readonly recovers: boolean,
  ) {
    const ledger = parts.port(port);
    const settings = settingsOf(process.name, ledger, barrier);
    const payloads = new Payloads(settings.codec, settings.maxPayloadBytes);
    const registry = new ParticipantRegistry();
    for (const definition of BUILT) register(registry, definition, barrier);
    const commits = new GroupCommit(ledger, { timeoutMs: settings.ledgerTimeoutMs, fault: noFaults });
    this.leases = new parts.Leases(ledger, settings.leaseMs, noFaults);
    const remote = new RemoteCaller(payloads, noFaults);
    const invoker = new PhaseTwoInvoker(registry, payloads, remote, noFaults);
    const inFlight = new InFlight();
    const driver = new parts.Driver(ledger, commits, this.leases, invoker, new TccEvents(), settings);
    const decider = new parts.Decider(commits, driver, inFlight, settings);
    const coordinator = new Coordinator(settings.service, commits, payloads, decider, inFlight, noFaults);
    this.recovery = new RealRecovery(ledger, driver, this.leases, { ...settings, pollMs: 1_000, concurrency: 10 });
    const interceptor = new parts.Interceptor(payloads, new TryRunner(payloads, noFaults));
    this.tcc = new Tcc(coordinator, interceptor, registry, remote, ledger, settings);
    for (const definition of Object.values(PARTICIPANTS)) this.tcc.register(definition);
    this.tcc.initialised();
  }

  /** Whether its recovery could look for something to do. Its loop would, at any moment. */
  get mayLook(): boolean {
    return !this.looking;
  }

  look(): void {
    this.looking = true;
    const { process } = this;
    process.note('looks');
    process.run(() => {
      this.recovery.runOnce().then(
        () => (this.looking = false),
        () => (this.looking = false),
      );
    });
  }
}

const settingsOf = (name: string, ledger: LedgerPort, barrier: BarrierPort): TccSettings => ({
  service: 'model',
  ledger: { port: ledger },
  migrations: 'check',
  timeoutMs: TIMEOUT_MS,
  phaseTwo: 'inline',
  phaseTwoWaitMs: 10_000,
  callTimeoutMs: CALL_TIMEOUT_MS,
  leaseMs: LEASE_MS,
  ledgerTimeoutMs: LEDGER_TIMEOUT_MS,
  remote: { keys: [], insecure: false, windowMs: 60_000, maxBodyBytes: 10_000 },
  recovery: false,
  retentionMs: false,
  retry: { initialMs: 1_000, capMs: 4_000 },
  drainMs: 1_000,
  maxPayloadBytes: 10_000,
  codec: defaultPayloadCodec,
  instance: name,
  owner: name,
  barrier,
  faults: noFaults,
});

/** As `ParticipantExplorer` does it with what it finds; once for all executions. */
const BUILT = Object.values<ParticipantDefinition>(PARTICIPANTS).map((definition) => ({
  definition,
  built: buildDefinition(definition),
}));

function register(
  registry: ParticipantRegistry,
  { definition, built }: (typeof BUILT)[number],
  barrier: BarrierPort,
): void {
  const { name, options } = definition;
  const tries = new Map<string, ParticipantTry>();
  const hasBarrier = options.dataSource !== false;
  const participant = {
    name,
    className: name,
    dataSource: hasBarrier ? barrier : undefined,
    barrier: hasBarrier ? barrier : undefined,
    effects: options.effects,
    tries,
    locate: () => built.methods,
  };
  for (const draft of built.tries) tries.set(draft.name, { ...draft, participant });
  registry.add(participant);
}
