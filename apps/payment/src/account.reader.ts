import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { isStorableText } from '../../shared/src/storable-text.js';
import { AccountEntity } from './account.entity.js';
import type { Account, Accounts } from './contract.js';

/** Reads what is committed. */
@Injectable()
export class AccountReader implements Accounts {
  constructor(@InjectRepository(AccountEntity, 'payment') private readonly accounts: Repository<AccountEntity>) {}

  async find(name: string): Promise<Account | undefined> {
    const row = isStorableText(name) ? await this.accounts.findOneBy({ customer: name }) : null;
    if (!row) return undefined;
    const { customer, balance, held, captured } = row;
    return { customer, balance, held, captured };
  }

  async ping(): Promise<void> {
    await this.accounts.query('select 1');
  }
}
