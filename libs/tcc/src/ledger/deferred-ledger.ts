import type { LedgerPort } from './ledger.port.js';
import { LedgerFailure } from './ledger-failure.js';

/** A ledger that is made when it is opened: where it is may depend on modules that are initialised by then only. */
export class DeferredLedger implements LedgerPort {
  private made: LedgerPort | undefined;

  constructor(private readonly make: () => LedgerPort) {}

  async open(): Promise<void> {
    this.made = this.make();
    await this.made.open();
  }

  async close(): Promise<void> {
    await this.made?.close();
  }

  async ping(): Promise<void> {
    await this.inner.ping();
  }

  flush: LedgerPort['flush'] = (batch) => this.inner.flush(batch);
  claim: LedgerPort['claim'] = (request) => this.inner.claim(request);
  branches: LedgerPort['branches'] = (xid) => this.inner.branches(xid);
  renew: LedgerPort['renew'] = (leases, leaseMs) => this.inner.renew(leases, leaseMs);
  release: LedgerPort['release'] = (leases) => this.inner.release(leases);
  handBack: LedgerPort['handBack'] = (write) => this.inner.handBack(write);
  find: LedgerPort['find'] = (xid) => this.inner.find(xid);
  backlog: LedgerPort['backlog'] = (service) => this.inner.backlog(service);
  purge: LedgerPort['purge'] = (request) => this.inner.purge(request);
  onRelease: LedgerPort['onRelease'] = (service, listener) => this.inner.onRelease(service, listener);

  private get inner(): LedgerPort {
    if (!this.made) throw new LedgerFailure('unavailable', new Error('the ledger is not open yet'));
    return this.made;
  }
}
