import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Cancel, Confirm, Message, Participant, Try } from 'nestjs-tcc';
import type { DataSource } from 'typeorm';
import { NotEnoughError } from './bank.participants.js';
import { Journal } from './journal.js';

/** Touches nothing but its database, so registrations overlap with its tries. */
@Injectable()
@Participant('points', { dataSource: 'points', effects: 'database' })
export class Points {
  constructor(
    private readonly journal: Journal,
    @InjectDataSource('points') private readonly dataSource: DataSource,
  ) {}

  @Try()
  async redeem(orderId: string, owner: string, amount: number): Promise<void> {
    const { journal } = this;
    const sql = 'update wallet set balance = balance - $2, held = held + $2 where owner = $1 and balance >= $2';
    if (!(await journal.changes(sql, [owner, amount]))) throw new NotEnoughError(`${owner} has less than ${amount}`);
    // not by the branch's manager: whatever asks the DataSource joins
    await this.dataSource.query('insert into hold (key, owner, amount) values ($1, $2, $3)', [
      journal.key,
      owner,
      amount,
    ]);
    await journal.write(orderId, 'try', -amount);
  }

  @Confirm('redeem')
  async redeemed(orderId: string, owner: string, amount: number): Promise<void> {
    await this.journal.change('delete from hold where key = $1 and owner = $2', [this.journal.key, owner]);
    await this.journal.change('update wallet set held = held - $2 where owner = $1', [owner, amount]);
    await this.journal.write(orderId, 'confirm', -amount);
  }

  @Cancel('redeem')
  async giveBack(orderId: string, owner: string, amount: number): Promise<void> {
    await this.journal.change('delete from hold where key = $1 and owner = $2', [this.journal.key, owner]);
    const sql = 'update wallet set held = held - $2, balance = balance + $2 where owner = $1';
    await this.journal.change(sql, [owner, amount]);
    await this.journal.write(orderId, 'cancel', -amount);
  }

  /** A saga step: given at once, taken back by cancel. */
  @Try({ confirm: false })
  async earn(orderId: string, owner: string, amount: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query('update wallet set balance = balance + $2 where owner = $1', [owner, amount]);
    });
    await this.journal.write(orderId, 'try', amount);
  }

  @Cancel('earn')
  async takeBack(orderId: string, owner: string, amount: number): Promise<void> {
    await this.journal.change('update wallet set balance = balance - $2 where owner = $1', [owner, amount]);
    await this.journal.write(orderId, 'cancel', amount);
  }

  @Message()
  async note(orderId: string, amount: number): Promise<void> {
    await this.journal.write(orderId, 'message', amount);
  }
}
