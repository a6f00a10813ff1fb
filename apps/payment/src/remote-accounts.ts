import type { Place } from '../../shared/src/queries/place.js';
import { isStorableText } from '../../shared/src/storable-text.js';
import type { AccountAnswer } from './api/account.controller.js';
import type { Account, Accounts } from './contract.js';

/** Asks the payment, wherever it is. */
export class RemoteAccounts implements Accounts {
  constructor(private readonly payment: Place) {}

  async find(customer: string): Promise<Account | undefined> {
    if (!isStorableText(customer)) return undefined;
    return (await this.payment.ask<AccountAnswer>('account', { customer })).account ?? undefined;
  }

  ping(): Promise<void> {
    return this.payment.ping();
  }
}
