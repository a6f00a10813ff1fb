import { ConfigurationError } from '../errors/configuration.error.js';
import type { LedgerPort } from './ledger.port.js';

const none = (): Promise<never> =>
  Promise.reject(
    new ConfigurationError('ledger', 'this application has none (ledger: false): it offers participants and no more'),
  );

/** For applications that only have participants: their callers keep the record. */
export class NoLedger implements LedgerPort {
  open(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing is missing. */
  ping(): Promise<void> {
    return Promise.resolve();
  }

  readonly flush = none;
  readonly claim = none;
  readonly branches = none;
  readonly renew = none;
  readonly release = none;
  readonly handBack = none;
  readonly find = none;
  readonly backlog = none;
  readonly purge = none;
  readonly onRelease = none;
}
