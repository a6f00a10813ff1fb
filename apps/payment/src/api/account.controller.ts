import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { IsString } from 'class-validator';
import { ACCOUNTS, type Account, type Accounts } from '../contract.js';

/** Body of `POST /account`. */
class AccountQuestion {
  @IsString()
  customer!: string;
}

/** What an account is asked for; `null`: there is no such customer. */
export interface AccountAnswer {
  readonly account: Account | null;
}

/** What the storefront asks over HTTP. */
@Controller()
export class AccountController {
  constructor(@Inject(ACCOUNTS) private readonly accounts: Accounts) {}

  @Post('account')
  @HttpCode(200)
  async account(@Body() { customer }: AccountQuestion): Promise<AccountAnswer> {
    return { account: (await this.accounts.find(customer)) ?? null };
  }

  @Get('health')
  async health(): Promise<{ status: 'ok' }> {
    await this.accounts.ping();
    return { status: 'ok' };
  }
}
