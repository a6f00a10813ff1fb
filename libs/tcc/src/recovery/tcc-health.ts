import type { LedgerPort } from '../ledger/ledger.port.js';
import type { Recovery } from './recovery.js';

/**
 * What a health check wants to know.
 *
 * @publicApi
 */
export class TccHealth {
  constructor(
    private readonly ledger: Pick<LedgerPort, 'ping'>,
    private readonly recovery: Recovery,
    private readonly recovers: boolean,
  ) {}

  /** Whether the ledger answers now and recovery (unless it is switched off) has reached it lately. */
  async check(): Promise<{ readonly ledger: boolean; readonly recovery: boolean }> {
    const ledger = await this.ledger.ping().then(
      () => true,
      () => false,
    );
    return { ledger, recovery: !this.recovers || this.recovery.isHealthy() };
  }
}
