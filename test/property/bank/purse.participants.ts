import { Injectable } from '@nestjs/common';
import { Cancel, Confirm, Message, Participant, Tcc, Try } from 'nestjs-tcc';
import { BankHooks } from '../../support/bank/bank.participant.js';
import { Hold, Wallet } from '../../support/bank/wallet.entity.js';

/** How a try ends: with what it did, before it did anything, or after. */
export type TryEnd = 'returns' | 'refuses' | 'throws after its work';

export class PurseError extends Error {}

/** A try of each kind, on the wallets of a bank. */
abstract class Purse {
  constructor(
    protected readonly tcc: Tcc,
    protected readonly hooks: BankHooks,
  ) {}

  @Try()
  async take(owner: string, amount: number, end: TryEnd): Promise<void> {
    if (end === 'refuses') throw new PurseError();
    const { manager, idempotencyKey } = this.tcc.branch;
    await this.move(owner, amount, 'balance', 'held');
    await manager.insert(Hold, { key: idempotencyKey, owner, amount });
    if (end !== 'returns') throw new PurseError();
  }
  @Confirm('take')
  async use(owner: string, amount: number): Promise<void> {
    await this.hooks.inConfirm(owner);
    await this.release(owner, amount, 'gone');
  }
  @Cancel('take')
  async giveBack(owner: string, amount: number): Promise<void> {
    await this.hooks.inCancel(owner);
    await this.release(owner, amount, 'balance');
  }

  /** Takes effect at once, and can be undone. */
  @Try({ confirm: false })
  async charge(owner: string, amount: number, end: TryEnd): Promise<void> {
    if (end === 'refuses') throw new PurseError();
    await this.move(owner, amount, 'balance', 'gone');
    if (end !== 'returns') throw new PurseError();
  }
  @Cancel('charge')
  async refund(owner: string, amount: number): Promise<void> {
    await this.hooks.inCancel(owner);
    await this.move(owner, amount, 'gone', 'balance');
  }

  /** Takes effect once it is sure. */
  @Message()
  async note(owner: string, amount: number): Promise<void> {
    await this.hooks.inConfirm(owner);
    await this.move(owner, amount, 'balance', 'gone');
  }

  private async release(owner: string, amount: number, to: 'gone' | 'balance'): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    const { affected } = await manager.delete(Hold, { key: idempotencyKey });
    if (affected !== 1) throw new Error(`${idempotencyKey} holds nothing`);
    await this.move(owner, amount, 'held', to);
  }

  private async move(owner: string, amount: number, from: keyof Wallet, to: keyof Wallet): Promise<void> {
    const { manager } = this.tcc.branch;
    await manager.query(`update wallet set ${from} = ${from} - $2, ${to} = ${to} + $2 where owner = $1`, [
      owner,
      amount,
    ]);
  }
}

@Injectable()
@Participant('purse-north', { dataSource: 'north' })
export class NorthPurse extends Purse {
  constructor(tcc: Tcc, hooks: BankHooks) {
    super(tcc, hooks);
  }
}

/** Its registrations overlap with its tries. */
@Injectable()
@Participant('purse-south', { dataSource: 'south', effects: 'database' })
export class SouthPurse extends Purse {
  constructor(tcc: Tcc, hooks: BankHooks) {
    super(tcc, hooks);
  }
}
