import { Injectable } from '@nestjs/common';
import { Cancel, Confirm, Participant, Try, Tcc } from 'nestjs-tcc';
import { Hold, Wallet } from './wallet.entity.js';

/** A try that says no. */
export class NotEnoughError extends Error {
  readonly code = 'NOT_ENOUGH';
}

/** What a try returns: lets a test see that confirm gets the same, whatever its type. */
export interface Receipt {
  readonly at: Date;
  readonly amount: bigint;
}

/** Hooks by which a test gets between the steps of a phase. */
export class BankHooks {
  inTry: (owner: string) => Promise<void> | void = () => undefined;
  inConfirm: (owner: string) => Promise<void> | void = () => undefined;
  inCancel: (owner: string) => Promise<void> | void = () => undefined;
  readonly confirmed: { key: string; receipt: Receipt }[] = [];
  readonly cancelled: string[] = [];
}

abstract class Bank {
  constructor(
    protected readonly tcc: Tcc,
    protected readonly hooks: BankHooks,
  ) {}

  @Try()
  async withdraw(owner: string, amount: number): Promise<Receipt> {
    const { manager, idempotencyKey } = this.tcc.branch;
    const taken = await manager
      .createQueryBuilder()
      .update(Wallet)
      .set({ balance: () => 'balance - :amount', held: () => 'held + :amount' })
      .where('owner = :owner and balance >= :amount', { owner, amount })
      .execute();
    if (taken.affected !== 1) throw new NotEnoughError(`${owner} has less than ${amount}`);
    await manager.insert(Hold, { key: idempotencyKey, owner, amount });
    await this.hooks.inTry(owner);
    return { at: new Date(0), amount: BigInt(amount) };
  }

  @Confirm('withdraw')
  async settle(owner: string, amount: number, receipt: Receipt): Promise<void> {
    await this.hooks.inConfirm(owner);
    await this.release(amount, 'gone');
    this.hooks.confirmed.push({ key: this.tcc.branch.idempotencyKey, receipt });
  }

  @Cancel('withdraw')
  async giveBack(owner: string, amount: number): Promise<void> {
    await this.hooks.inCancel(owner);
    await this.release(amount, 'balance');
    this.hooks.cancelled.push(this.tcc.branch.idempotencyKey);
  }

  private async release(amount: number, to: 'gone' | 'balance'): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    const hold = await manager.findOneByOrFail(Hold, { key: idempotencyKey });
    if (hold.amount !== amount) throw new Error(`held ${hold.amount}, not ${amount}`);
    await manager.delete(Hold, { key: idempotencyKey });
    await manager
      .createQueryBuilder()
      .update(Wallet)
      .set({ held: () => 'held - :amount', [to]: () => `${to} + :amount` })
      .where('owner = :owner', { owner: hold.owner, amount })
      .execute();
  }
}

@Injectable()
@Participant('north', { dataSource: 'north' })
export class NorthBank extends Bank {
  constructor(tcc: Tcc, hooks: BankHooks) {
    super(tcc, hooks);
  }
}

@Injectable()
@Participant('south', { dataSource: 'south' })
export class SouthBank extends Bank {
  constructor(tcc: Tcc, hooks: BankHooks) {
    super(tcc, hooks);
  }
}
