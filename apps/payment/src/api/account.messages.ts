import { Controller, Inject, type Type } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { answering } from '../../../shared/src/queries/answering.js';
import { patternOf } from '../../../shared/src/queries/place.js';
import { ACCOUNTS, type Accounts } from '../contract.js';
import type { AccountAnswer } from './account.controller.js';

/** What the storefront asks over a Nest transport. */
export function accountMessages(service: string): Type {
  @Controller()
  class AccountMessages {
    constructor(@Inject(ACCOUNTS) private readonly accounts: Accounts) {}

    @MessagePattern(patternOf(service, 'account'))
    async account(@Payload() { customer }: { customer: string }): Promise<AccountAnswer> {
      return { account: (await answering(this.accounts.find(customer))) ?? null };
    }

    @MessagePattern(patternOf(service, 'ping'))
    ping(): Promise<boolean> {
      return answering(this.accounts.ping().then(() => true));
    }
  }
  return AccountMessages;
}
