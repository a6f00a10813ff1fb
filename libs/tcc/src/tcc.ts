import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { branchFacade, type BranchFacade } from './branch-facade.js';
import { currentContext, runWith, type Baggage } from './context/execution-context.js';
import { xidOf } from './coordinator/error-xids.js';
import type { Coordinator } from './coordinator/coordinator.js';
import { toMilliseconds } from './core/duration.js';
import { Propagation } from './core/propagation.js';
import { ConfigurationError } from './errors/configuration.error.js';
import { LedgerUnavailableError } from './errors/ledger-unavailable.error.js';
import { NoGlobalTransactionError } from './errors/no-global-transaction.error.js';
import { PayloadError } from './errors/payload.error.js';
import { RuntimeNotFoundError } from './errors/runtime-not-found.error.js';
import { UnknownParticipantError } from './errors/unknown-participant.error.js';
import { asMessage } from './decorators/message-call.js';
import type { LedgerPort } from './ledger/ledger.port.js';
import type { TransactionView } from './ledger/ledger.types.js';
import type { BranchInterceptor } from './participant/branch.interceptor.js';
import { problemsOf } from './participant/global-options.check.js';
import type { GlobalTransactionSettings, StoredGlobalOptions } from './participant/metadata.js';
import type { ParticipantDefinition } from './participant/participant-definition.js';
import type { ParticipantRegistry } from './participant/participant.registry.js';
import type { RemoteCaller, RemoteTryCall } from './participant/remote/remote-caller.js';
import type { MethodCall, TccRuntime } from './participant/tcc-runtime.js';
import type { TccSettings } from './tcc.settings.js';

/**
 * Options of `tcc.run()`: those of `@GlobalTransaction()`, with the name required and the key as a value.
 *
 * @publicApi
 */
export interface RunOptions extends GlobalTransactionSettings {
  readonly name: string;
  /** Idempotency key; undefined: none. */
  readonly key?: string | undefined;
  /** What must be equal for the same key to mean the same request; default: nothing. */
  readonly fingerprint?: unknown;
}

/**
 * The global transaction around the caller.
 *
 * @publicApi
 */
export interface CurrentTransaction {
  readonly xid: string;
  readonly name: string;
  readonly deadline: Date;
  /** Aborts at the deadline. Hand it to what the initiator waits for. */
  readonly signal: AbortSignal;
  /** Cancels everything however the methods end. The initiator's own return value still reaches its caller. */
  cancelOnly(): void;
}

/** Baggage is for a tenant and a locale, not for payloads. */
const LARGEST_BAGGAGE_BYTES = 4_096;

/**
 * Everything that the decorators do, and what a method under them wants to know.
 *
 * @publicApi
 */
@Injectable()
export class Tcc implements TccRuntime {
  /**
   * The phase that is running (`manager`, `seq`, `idempotencyKey`, …; read elsewhere they throw `NoBranchError`). Called
   * as a function it calls a participant without decorators: `tcc.branch(payment, 'authorize', order)`.
   */
  readonly branch: BranchFacade<EntityManager>;

  private readonly definitions: ParticipantDefinition[] = [];
  private state: 'constructing' | 'running' | 'ended' = 'constructing';

  constructor(
    private readonly coordinator: Coordinator,
    private readonly interceptor: BranchInterceptor,
    private readonly registry: ParticipantRegistry,
    private readonly remote: RemoteCaller,
    private readonly ledger: LedgerPort,
    private readonly settings: TccSettings,
  ) {
    this.branch = branchFacade(async (participant, name, args) => {
      this.assertRunning(`${participant.name}.${name}`);
      if (!this.definitions.includes(participant))
        throw new ConfigurationError(
          `participant ${participant.name}`,
          'tcc.branch() was given a definition that was not given to tcc.register()',
        );
      const entry = this.registry.find(participant.name, name);
      const self = entry.participant.locate({ xid: '', seq: 0, phase: 'try' }) as Record<
        PropertyKey,
        (...args: readonly unknown[]) => unknown
      >;
      const scope = this.coordinator.activeScope();
      return this.interceptor.call({ entry, self, args, scope, body: () => self[entry.method]!(...args) });
    });
  }

  /**
   * Runs `work` as the initiator of a global transaction, as `@GlobalTransaction()` does with a method.
   *
   * @throws what `work` throws, and TransactionTimedOutError, InDoubtError, LedgerUnavailableError,
   * TransactionInProgressError, KeyReuseError, PayloadError, NestedTryError, ConfigurationError
   */
  async run<T>(options: RunOptions, work: () => Promise<T>): Promise<T> {
    const [mistake] = problemsOf(options);
    if (mistake) throw new ConfigurationError(`${mistake.option} of tcc.run()`, mistake.problem);
    return (await this.start(options, options.name, options.key, options.fingerprint, work)) as T;
  }

  /** @throws NoGlobalTransactionError outside one */
  get transaction(): CurrentTransaction {
    const scope = this.coordinator.activeScope();
    if (!scope) throw new NoGlobalTransactionError('tcc.transaction');
    return {
      xid: scope.xid,
      name: scope.name,
      deadline: scope.deadlineDate,
      signal: scope.signal,
      cancelOnly: () => scope.cancelOnly(),
    };
  }

  /** Small values that travel with a transaction and are there again in every phase, recovery included. */
  get baggage(): Baggage {
    return currentContext().baggage;
  }

  /**
   * Runs `work` with these values added to the baggage of every transaction that begins inside.
   *
   * @throws PayloadError when all of it takes more than 4 KiB
   */
  runWithBaggage<T>(values: Baggage, work: () => T): T {
    const baggage = { ...currentContext().baggage, ...values };
    const bytes = Buffer.byteLength(JSON.stringify(baggage));
    if (bytes > LARGEST_BAGGAGE_BYTES)
      throw new PayloadError('Baggage', `it takes ${bytes} bytes and may take ${LARGEST_BAGGAGE_BYTES}`);
    return runWith({ baggage }, work);
  }

  /**
   * Adds a participant without decorators. Call it in a constructor: every participant must be known before recovery
   * starts.
   *
   * @throws ConfigurationError once the application has been initialised
   */
  register(participant: ParticipantDefinition): void {
    if (this.state !== 'constructing')
      throw new ConfigurationError(
        `participant ${participant.name}`,
        'it was registered after the application was initialised; call tcc.register() in a constructor',
      );
    this.definitions.push(participant);
  }

  /** Which global transaction an error ended, or undefined: errors of tries reach the caller unchanged. */
  xidOf(error: unknown): string | undefined {
    return xidOf(error);
  }

  /**
   * What has become of a transaction. Undefined: nothing of it was recorded.
   *
   * @throws LedgerUnavailableError
   */
  async outcome(xid: string): Promise<TransactionView | undefined> {
    try {
      return await this.ledger.find(xid);
    } catch (cause) {
      throw new LedgerUnavailableError('the question for an outcome', xid, cause);
    }
  }

  /** @internal for decorators, which make a rejection of what it throws */
  callGlobal({ label, args, body }: MethodCall, options: StoredGlobalOptions): Promise<unknown> {
    const key = options.key?.(...args);
    const fingerprint = key === undefined ? undefined : options.fingerprint ? options.fingerprint(...args) : args;
    return this.start(options, options.name ?? label, key, fingerprint, body);
  }

  /** @internal for decorators, which make a rejection of what it throws */
  callTry({ self, method, label, args, body }: MethodCall): Promise<unknown> {
    this.assertRunning(label);
    const entry = this.registry.findByMethod(self, method, label);
    return this.interceptor.call({ entry, self, args, scope: this.coordinator.activeScope(), body });
  }

  /** @internal for `@InjectParticipant()`: where it is, is asked at each call. */
  callParticipant(participant: string, method: string, args: readonly unknown[]): unknown {
    const elsewhere = this.registry.elsewhere(participant);
    if (!elsewhere) return this.callHere(participant, method, args);
    const scope = this.coordinator.activeScope();
    const sent = this.callElsewhere({ remote: elsewhere, method, args, scope });
    return elsewhere.messages.has(method) ? asMessage(sent, scope) : sent;
  }

  /** @internal for the module: what was registered, and the state it is in. */
  initialised(): void {
    this.state = 'running';
  }

  /** @internal for the module: from here on nothing begins, since the ledger is about to be closed. */
  ended(): void {
    this.state = 'ended';
  }

  /** @internal for the module */
  registered(): readonly ParticipantDefinition[] {
    return this.definitions;
  }

  private async callElsewhere(call: RemoteTryCall): Promise<unknown> {
    this.assertRunning(`${call.remote.name}.${call.method}`);
    return this.remote.try(call);
  }

  private async callHere(participant: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const name = `${participant}.${method}`;
    this.assertRunning(name);
    const entry = this.registry.findOffered(participant, method);
    if (!entry) throw new UnknownParticipantError(name, this.registry.offered());
    const scope = this.coordinator.activeScope();
    const self = (await entry.participant.locate({ xid: scope?.xid ?? '', seq: 0, phase: 'try' })) as Record<
      PropertyKey,
      (...args: readonly unknown[]) => unknown
    >;
    // a decorated method sees to itself
    if (this.registry.isDecorated(self)) return self[entry.method]!(...args);
    return this.interceptor.call({ entry, self, args, scope, body: () => self[entry.method]!(...args) });
  }

  private start(
    settings: GlobalTransactionSettings,
    name: string,
    key: string | undefined,
    fingerprint: unknown,
    body: () => unknown,
  ): Promise<unknown> {
    this.assertRunning(name);
    if (this.settings.ledger === false)
      throw new ConfigurationError(
        'ledger',
        `${name} wants to begin a global transaction, and this application has no ledger (ledger: false)`,
      );
    if (key !== undefined && typeof key !== 'string')
      throw new ConfigurationError(
        `key of ${name}`,
        `it is ${key === null ? 'null' : `a ${typeof key}`}, not a string`,
      );
    return this.coordinator.run({
      name,
      propagation: settings.propagation ?? Propagation.REQUIRED,
      timeoutMs:
        settings.timeout === undefined
          ? this.settings.timeoutMs
          : toMilliseconds(settings.timeout, `timeout of ${name}`),
      order: settings.order ?? 'together',
      phaseTwo: settings.phaseTwo ?? this.settings.phaseTwo,
      key,
      fingerprint,
      body,
    });
  }

  private assertRunning(label: string): void {
    if (this.state !== 'running') throw new RuntimeNotFoundError(label, 0);
  }
}
