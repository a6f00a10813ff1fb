import { hostname } from 'node:os';
import { defaultPayloadCodec } from './core/codec/default-payload-codec.js';
import type { PayloadCodec } from './core/codec/payload-codec.js';
import type { RetryPolicy } from './core/backoff.js';
import { toMilliseconds, type Duration } from './core/duration.js';
import { noFaults, type FaultHook } from './core/fault-point.js';
import { ConfigurationError } from './errors/configuration.error.js';
import { newXid } from './core/xid.js';
import { isStableName } from './participant/tries.builder.js';
import type { BarrierPort } from './barrier/barrier.port.js';
import type { LedgerLocation, RemoteOptions, TccModuleOptions } from './tcc.options.js';
import type { RemoteSettings } from './transport/remote.settings.js';

/** The options with every default filled in and every length of time in milliseconds. */
export interface TccSettings {
  readonly service: string;
  readonly ledger: LedgerLocation | false;
  readonly remote: RemoteSettings;
  readonly migrations: 'run' | 'check';
  readonly timeoutMs: number;
  readonly phaseTwo: 'inline' | 'background';
  readonly phaseTwoWaitMs: number;
  readonly callTimeoutMs: number;
  readonly leaseMs: number;
  readonly ledgerTimeoutMs: number;
  readonly recovery: { readonly pollMs: number; readonly concurrency: number } | false;
  /** false: settled transactions are kept for ever. */
  readonly retentionMs: number | false;
  readonly retry: RetryPolicy;
  readonly drainMs: number;
  readonly maxPayloadBytes: number;
  readonly codec: PayloadCodec;
  /** Shown in the history of attempts. */
  readonly instance: string;
  /** Unlike the instance's name, never the same for two processes. */
  readonly owner: string;
  readonly barrier: BarrierPort | undefined;
  readonly faults: FaultHook;
}

/** @throws ConfigurationError naming the first option that cannot work */
export function resolveSettings(options: TccModuleOptions | undefined): TccSettings {
  if (!isStableName(options?.service))
    throw new ConfigurationError('service', 'it is the name of your service, 1 to 200 printable characters');
  const ms = (value: Duration | undefined, fallback: Duration, option: string): number =>
    toMilliseconds(value ?? fallback, option);
  const instance = options.instance ?? `${hostname()}:${process.pid}`;
  if (!isStableName(instance))
    throw new ConfigurationError('instance', 'it is the name of this instance, 1 to 200 printable characters');
  // without a ledger there is nothing to recover from
  const recovery = options.ledger === false ? false : options.recovery;
  const ledgerTimeoutMs = ms(options.ledgerTimeout, '5s', 'ledgerTimeout');
  const maxPayloadBytes = positive(options.maxPayloadBytes ?? 256 * 1024, 'maxPayloadBytes');
  return {
    service: options.service,
    ledger: ledgerLocation(options.ledger ?? {}),
    remote: remoteSettings(options.remote ?? {}, maxPayloadBytes),
    migrations: oneOf(['run', 'check'], options.migrations ?? 'run', 'migrations'),
    timeoutMs: ms(options.timeout, '30s', 'timeout'),
    phaseTwo: oneOf(['inline', 'background'], options.phaseTwo ?? 'inline', 'phaseTwo'),
    phaseTwoWaitMs: ms(options.phaseTwoWait, '10s', 'phaseTwoWait'),
    callTimeoutMs: ms(options.callTimeout, '1m', 'callTimeout'),
    leaseMs: atLeast(ms(options.lease, '30s', 'lease'), 100, 'lease'),
    ledgerTimeoutMs,
    recovery:
      recovery === false
        ? false
        : {
            pollMs: ms(recovery?.poll, '1s', 'recovery.poll'),
            concurrency: positive(recovery?.concurrency ?? 50, 'recovery.concurrency'),
          },
    retentionMs: retentionOf(options.ledger === false ? false : (options.retention ?? false), ledgerTimeoutMs),
    retry: {
      initialMs: ms(options.retry?.initial, '1s', 'retry.initial'),
      capMs: ms(options.retry?.cap, '5m', 'retry.cap'),
    },
    drainMs: ms(options.drain, '10s', 'drain'),
    maxPayloadBytes,
    codec: codecOf(options.codec ?? defaultPayloadCodec),
    instance,
    owner: `${instance}:${newXid()}`,
    barrier: options.barrier,
    faults: options.faults ?? noFaults,
  };
}

/** What the compiler would have refused, for those who write JavaScript or read options from the environment. */
function oneOf<T extends string>(choices: readonly T[], value: T, option: string): T {
  if (!choices.includes(value))
    throw new ConfigurationError(option, `${JSON.stringify(value)} is none of ${choices.join(', ')}`);
  return value;
}

function ledgerLocation(ledger: LedgerLocation | false): LedgerLocation | false {
  if (ledger === false) return false;
  if (typeof ledger !== 'object')
    throw new ConfigurationError(
      'ledger',
      'it is where the ledger is: { dataSource }, { connection } or { port }, or false',
    );
  return ledger;
}

/** A shorter one can be guessed. */
const SHORTEST_SECRET = 32;
/** Escaped once more inside the body, and with the result beside the arguments. */
const BODY_PER_PAYLOAD = 4;
const ENVELOPE_BYTES = 64 * 1024;

function remoteSettings(
  { keys = [], window = '1m', insecure = false }: RemoteOptions,
  maxPayloadBytes: number,
): RemoteSettings {
  for (const [index, { id, secret }] of keys.entries()) {
    // Not shown, since messages end up in logs: it may be the secret, in the wrong place.
    if (!/^[\w.-]{1,64}$/.test(id ?? ''))
      throw new ConfigurationError(
        'remote.keys',
        `the id of key ${index + 1} is none: use up to 64 letters, digits, '.', '_' and '-'`,
      );
    if (typeof secret !== 'string' || secret.length < SHORTEST_SECRET)
      throw new ConfigurationError(
        'remote.keys',
        `the secret of key ${index + 1} has less than ${SHORTEST_SECRET} characters`,
      );
  }
  if (new Set(keys.map(({ id }) => id)).size !== keys.length)
    throw new ConfigurationError('remote.keys', 'two keys have the same id');
  return {
    keys,
    insecure: insecure === true,
    windowMs: toMilliseconds(window, 'remote.window'),
    maxBodyBytes: BODY_PER_PAYLOAD * maxPayloadBytes + ENVELOPE_BYTES,
  };
}

const SHORTEST_RETENTION_MS = 60_000;
const LONGEST_RETENTION_MS = 3_653 * 86_400_000;

function retentionOf(retention: Duration | false, ledgerTimeoutMs: number): number | false {
  if (retention === false) return false;
  const ms = toMilliseconds(retention, 'retention', LONGEST_RETENTION_MS);
  // A decision that is sent again has to find its transaction: what is not there looks like what was never confirmed.
  const least = Math.max(SHORTEST_RETENTION_MS, 2 * ledgerTimeoutMs);
  if (ms < least)
    throw new ConfigurationError('retention', `${ms} ms is below ${least} ms: a minute, or twice the ledgerTimeout`);
  return ms;
}

function codecOf(codec: PayloadCodec): PayloadCodec {
  if (typeof codec.encode !== 'function' || typeof codec.decode !== 'function')
    throw new ConfigurationError('codec', 'it has no encode(value) or no decode(text)');
  return codec;
}

function positive(value: number, option: string): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new ConfigurationError(option, `${value} is not a whole number above zero`);
  return value;
}

function atLeast(value: number, least: number, option: string): number {
  if (value < least)
    throw new ConfigurationError(option, `${value} ms is below ${least} ms, too short to be renewed in time`);
  return value;
}
