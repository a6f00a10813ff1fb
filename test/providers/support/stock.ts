import { Inject, Injectable } from '@nestjs/common';
import { Cancel, Confirm, GlobalTransaction, Participant, Tcc, Try } from 'nestjs-tcc';
import { DataSource } from 'typeorm';

/** What a try has kept, as its confirm gets it back. */
export interface Kept {
  readonly item: string;
  readonly count: number;
}

/** What phases did, and a way to make them fail. Survives the application. */
export class Journal {
  /** The object on which each confirm or cancel ran, and what it got. */
  readonly calls: { phase: 'confirm' | 'cancel'; on: object; args: unknown[] }[] = [];
  broken = false;

  note(phase: 'confirm' | 'cancel', on: object, args: unknown[]): void {
    this.calls.push({ phase, on, args });
    if (this.broken) throw new Error(`${phase} is broken today`);
  }
}

/** Rows, as an ordinary collaborator writes them: through the injected DataSource, which joins the phase. */
@Injectable()
export class Holds {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async take(key: string, { item, count }: Kept): Promise<void> {
    await this.dataSource.query('insert into hold values ($1, $2, $3, $4)', [key, item, count, 'held']);
  }

  async turn(key: string, state: 'used' | 'given back'): Promise<void> {
    const query = `update hold set state = $2 where key = $1 and state = 'held' returning key`;
    const [rows] = (await this.dataSource.query(query, [key, state])) as [unknown[]];
    if (rows.length !== 1) throw new Error(`no hold ${key} to be ${state}`);
  }
}

/** The participant whose ways of being provided are under test. */
@Injectable()
@Participant('stock')
export class Stock {
  constructor(
    readonly holds: Holds,
    readonly tcc: Tcc,
    readonly journal: Journal,
  ) {}

  @Try()
  async reserve(item: string, count = 1): Promise<Kept> {
    await this.holds.take(this.tcc.branch.idempotencyKey, { item, count });
    return { item, count };
  }

  @Confirm('reserve')
  async use(item: string, count: number | undefined, kept: Kept): Promise<void> {
    this.journal.note('confirm', this, [item, count, kept]);
    await this.holds.turn(this.tcc.branch.idempotencyKey, 'used');
  }

  @Cancel('reserve')
  async giveBack(item: string, count?: number): Promise<void> {
    this.journal.note('cancel', this, [item, count]);
    await this.holds.turn(this.tcc.branch.idempotencyKey, 'given back');
  }
}

/** Token under which an initiator gets its participant. */
export const STOCK = Symbol('stock');

/** The initiator. */
@Injectable()
export class Shop {
  constructor(
    @Inject(STOCK) readonly stock: Pick<Stock, 'reserve'>,
    readonly tcc: Tcc,
  ) {}

  @GlobalTransaction()
  async buy(item: string): Promise<string> {
    await this.stock.reserve(item);
    return this.tcc.transaction.xid;
  }

  @GlobalTransaction()
  async change(item: string): Promise<never> {
    await this.stock.reserve(item);
    throw new Error(`another one than ${item}`);
  }
}
