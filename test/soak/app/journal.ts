import { Injectable } from '@nestjs/common';
import { Tcc } from 'nestjs-tcc';
import type { EntityManager } from 'typeorm';

/**
 * Writes down, in the branch's local transaction and without any unique index, that business code ran: what ran twice
 * is there twice.
 */
@Injectable()
export class Journal {
  constructor(private readonly tcc: Tcc) {}

  get manager(): EntityManager {
    return this.tcc.branch.manager;
  }
  get key(): string {
    return this.tcc.branch.idempotencyKey;
  }

  async write(orderId: string, entry: 'try' | 'confirm' | 'cancel' | 'message', amount: number): Promise<void> {
    await this.manager.query('insert into journal (key, order_id, entry, amount) values ($1, $2, $3, $4)', [
      this.key,
      orderId,
      entry,
      amount,
    ]);
  }

  /** Runs a statement that has to change exactly one row. */
  async change(sql: string, values: unknown[]): Promise<void> {
    if (!(await this.changes(sql, values))) throw new Error(`changed no row: ${sql} (${JSON.stringify(values)})`);
  }

  /** @returns whether a row was changed */
  async changes(sql: string, values: unknown[]): Promise<boolean> {
    const [, changed] = await this.manager.query<[unknown, number]>(sql, values);
    return changed === 1;
  }
}
