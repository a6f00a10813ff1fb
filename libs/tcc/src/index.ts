export * from './tcc.module.js';
export * from './tcc.options.js';
export * from './tcc.js';
export * from './tcc.constants.js';
export type { TccSettings } from './tcc.settings.js';
export type { BranchFacade } from './branch-facade.js';

export { Participant } from './decorators/participant.decorator.js';
export { GlobalTransaction, type GlobalTransactionOptions } from './decorators/global-transaction.decorator.js';
export { Try } from './decorators/try.decorator.js';
export { Cancel, Confirm } from './decorators/phase-two.decorators.js';
export { InjectParticipant } from './decorators/inject-participant.decorator.js';
export { Message } from './decorators/message.decorator.js';
export type {
  CancelOptions,
  GlobalTransactionSettings,
  MessageOptions,
  ParticipantOptions,
  TryOptions,
} from './participant/metadata.js';
export {
  defineParticipant,
  defineTry,
  type MessageDefinition,
  type ParticipantDefinition,
  type TryDefinition,
} from './participant/participant-definition.js';

export { getParticipantToken } from './participant/participant-token.js';
export type { RemoteParticipantOptions, RemoteTls } from './participant/remote/remote.options.js';
export type { BusinessErrorClass } from './participant/remote/remote-place.js';
export type { SigningKey } from './core/wire/signature.js';

export { Propagation } from './core/propagation.js';
export type { Baggage } from './context/execution-context.js';
export * from './core/duration.js';
export * from './core/fault-point.js';
export * from './core/status.js';
export type { PayloadCodec } from './core/codec/payload-codec.js';
export { defaultPayloadCodec } from './core/codec/default-payload-codec.js';

export * from './observability/tcc-events.js';
export { Recovery } from './recovery/recovery.js';
export * from './recovery/tcc-health.js';
export * from './transport/tcc-exception.filter.js';

export * from './ledger/ledger.port.js';
export * from './ledger/ledger.types.js';
export * from './ledger/ledger-failure.js';
export { PostgresLedger } from './ledger/postgres/postgres-ledger.js';
export type { PostgresLedgerOptions } from './ledger/postgres/postgres-ledger.options.js';
export { ledgerMigrations } from './ledger/postgres/ledger-migrations.js';
export * from './barrier/barrier.port.js';
export { migrationSql } from './migrations/migration-sql.js';
export { barrierMigrations } from './barrier/barrier-migrations.js';
export * from './core/barrier-ruling.js';

export * from './errors/active-transaction.error.js';
export * from './errors/barrier-busy.error.js';
export * from './errors/barrier-refused.error.js';
export * from './errors/circuit-open.error.js';
export * from './errors/configuration.error.js';
export * from './errors/direct-phase-call.error.js';
export * from './errors/in-doubt.error.js';
export * from './errors/key-reuse.error.js';
export * from './errors/late-try.error.js';
export * from './errors/ledger-unavailable.error.js';
export * from './errors/local-transaction-aborted.error.js';
export * from './errors/nested-try.error.js';
export * from './errors/no-branch.error.js';
export * from './errors/no-global-transaction.error.js';
export * from './errors/open-local-transaction.error.js';
export * from './errors/overlapping-transactions.error.js';
export * from './errors/participant-failed.error.js';
export * from './errors/participant-refused.error.js';
export * from './errors/participant-unreachable.error.js';
export * from './errors/payload.error.js';
export * from './errors/phase-ended.error.js';
export * from './errors/repeated-try.error.js';
export * from './errors/retry-later.error.js';
export * from './errors/runtime-not-found.error.js';
export * from './errors/schema.error.js';
export * from './errors/tcc.error.js';
export * from './errors/transaction-cancelled.error.js';
export * from './errors/transaction-closed.error.js';
export * from './errors/transaction-in-progress.error.js';
export * from './errors/transaction-timed-out.error.js';
export * from './errors/try-time-limit.error.js';
export * from './errors/unknown-participant.error.js';
export * from './errors/unrecoverable.error.js';
export * from './errors/wiring.error.js';
