import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ACCOUNTS, type Account, type Accounts } from '../../payment/src/contract.js';
import { UnknownCustomerError } from '../../payment/src/errors/unknown-customer.error.js';

@Controller('accounts')
export class AccountsController {
  constructor(@Inject(ACCOUNTS) private readonly accounts: Accounts) {}

  @Get(':customer')
  async account(@Param('customer') customer: string): Promise<Account> {
    const account = await this.accounts.find(customer);
    if (!account) throw new UnknownCustomerError(customer);
    return account;
  }
}
