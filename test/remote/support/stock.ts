import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('stock')
export class Stock {
  @PrimaryColumn('text') sku!: string;
  @Column('int') free!: number;
  @Column('int', { default: 0 }) sold!: number;
}

@Entity('stock_hold')
export class StockHold {
  @PrimaryColumn('text') key!: string;
  @Column('text') sku!: string;
  @Column('int') quantity!: number;
}

@Entity('stock_note')
export class StockNote {
  @PrimaryColumn('text') key!: string;
  @Column('text') text!: string;
}

export interface Reservation {
  readonly key: string;
  readonly at: Date;
  readonly left: bigint;
  readonly label: Uint8Array;
}

/** What a caller knows of it. */
export interface StockRoom {
  reserve(sku: string, quantity: number): Promise<Reservation>;
  /** Gives back what it was given. */
  keep(payload: unknown): Promise<unknown>;
  /** At once, to be taken back if need be. */
  sell(sku: string, quantity: number): Promise<void>;
  /** A message. */
  note(text: string): Promise<void>;
}

/** What a caller knows of a third party. */
export interface Courier {
  book(address: string): Promise<string>;
}

export class SoldOutError extends Error {
  readonly code = 'SOLD_OUT';

  constructor(
    readonly sku: string,
    readonly missing: number,
  ) {
    super(`${missing} of ${sku} are missing`);
  }
}

/** Thrown there, and not known here. */
export class OnStrikeError extends Error {
  readonly code = 'ON_STRIKE';
  readonly inner = new Error('of the union');

  constructor(readonly since: Date) {
    super('nobody is at work');
  }
}
