import { Injectable } from '@nestjs/common';
import { Cancel, Confirm, Participant, Try } from 'nestjs-tcc';
import { Journal } from './journal.js';

/** A try that says no. */
export class NotEnoughError extends Error {
  readonly code = 'NOT_ENOUGH';
}

abstract class Bank {
  constructor(protected readonly journal: Journal) {}

  @Try()
  async withdraw(orderId: string, owner: string, amount: number): Promise<{ at: Date; left: bigint }> {
    const { journal } = this;
    const sql = 'update wallet set balance = balance - $2, held = held + $2 where owner = $1 and balance >= $2';
    if (!(await journal.changes(sql, [owner, amount]))) throw new NotEnoughError(`${owner} has less than ${amount}`);
    await this.hold(owner, amount);
    await journal.write(orderId, 'try', -amount);
    return { at: new Date(0), left: BigInt(amount) };
  }

  @Confirm('withdraw')
  async withdrawn(orderId: string, owner: string, amount: number, tried: { left: bigint }): Promise<void> {
    if (tried.left !== BigInt(amount)) throw new Error(`confirm got ${tried.left} of a try for ${amount}`);
    await this.drop(owner, amount);
    await this.journal.change('update wallet set held = held - $2 where owner = $1', [owner, amount]);
    await this.journal.write(orderId, 'confirm', -amount);
  }

  @Cancel('withdraw')
  async giveBack(orderId: string, owner: string, amount: number): Promise<void> {
    await this.drop(owner, amount);
    const sql = 'update wallet set held = held - $2, balance = balance + $2 where owner = $1';
    await this.journal.change(sql, [owner, amount]);
    await this.journal.write(orderId, 'cancel', -amount);
  }

  @Try()
  async deposit(orderId: string, owner: string, amount: number): Promise<void> {
    await this.journal.change('update wallet set incoming = incoming + $2 where owner = $1', [owner, amount]);
    await this.hold(owner, amount);
    await this.journal.write(orderId, 'try', amount);
  }

  @Confirm('deposit')
  async deposited(orderId: string, owner: string, amount: number): Promise<void> {
    await this.drop(owner, amount);
    const sql = 'update wallet set incoming = incoming - $2, balance = balance + $2 where owner = $1';
    await this.journal.change(sql, [owner, amount]);
    await this.journal.write(orderId, 'confirm', amount);
  }

  @Cancel('deposit')
  async refuse(orderId: string, owner: string, amount: number): Promise<void> {
    await this.drop(owner, amount);
    await this.journal.change('update wallet set incoming = incoming - $2 where owner = $1', [owner, amount]);
    await this.journal.write(orderId, 'cancel', amount);
  }

  private async hold(owner: string, amount: number): Promise<void> {
    const { manager, key } = this.journal;
    await manager.query('insert into hold (key, owner, amount) values ($1, $2, $3)', [key, owner, amount]);
  }

  private async drop(owner: string, amount: number): Promise<void> {
    const sql = 'delete from hold where key = $1 and owner = $2 and amount = $3';
    await this.journal.change(sql, [this.journal.key, owner, amount]);
  }
}

@Injectable()
@Participant('north', { dataSource: 'north' })
export class NorthBank extends Bank {
  constructor(journal: Journal) {
    super(journal);
  }
}

@Injectable()
@Participant('south', { dataSource: 'south' })
export class SouthBank extends Bank {
  constructor(journal: Journal) {
    super(journal);
  }
}
