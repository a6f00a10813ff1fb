import { Injectable } from '@nestjs/common';
import { Cancel, Confirm, Participant, Tcc, Try } from 'nestjs-tcc';
import { hold, unhold } from './account-moves.js';
import type { Payment } from './contract.js';
import { InsufficientFundsError } from './errors/insufficient-funds.error.js';
import { NotCapturedError } from './errors/not-captured.error.js';
import { UnknownCustomerError } from './errors/unknown-customer.error.js';

/** Keeps the accounts. What a branch holds is keyed by the branch. */
@Injectable()
@Participant('payment', { dataSource: 'payment', effects: 'database' })
export class PaymentService implements Payment {
  constructor(private readonly tcc: Tcc) {}

  @Try()
  async authorize(customer: string, amount: number): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    if (await hold(manager, idempotencyKey, customer, amount, 'balance')) return;
    await this.mustExist(customer);
    throw new InsufficientFundsError(customer, amount);
  }

  @Confirm('authorize')
  async capture(): Promise<void> {
    await unhold(this.tcc.branch.manager, this.tcc.branch.idempotencyKey, 'captured');
  }

  @Cancel('authorize')
  async release(): Promise<void> {
    await unhold(this.tcc.branch.manager, this.tcc.branch.idempotencyKey, 'balance');
  }

  @Try()
  async refund(customer: string, amount: number): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    if (await hold(manager, idempotencyKey, customer, amount, 'captured')) return;
    await this.mustExist(customer);
    throw new NotCapturedError(customer, amount);
  }

  @Confirm('refund')
  async payBack(): Promise<void> {
    await unhold(this.tcc.branch.manager, this.tcc.branch.idempotencyKey, 'balance');
  }

  @Cancel('refund')
  async keepCaptured(): Promise<void> {
    await unhold(this.tcc.branch.manager, this.tcc.branch.idempotencyKey, 'captured');
  }

  private async mustExist(customer: string): Promise<void> {
    const rows = await this.tcc.branch.manager.query<unknown[]>('select 1 from account where customer = $1', [
      customer,
    ]);
    if (rows.length === 0) throw new UnknownCustomerError(customer);
  }
}
