import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Cancel, Confirm, Message, Participant, Tcc, Try } from 'nestjs-tcc';
import type { Repository } from 'typeorm';
import { StockHooks } from './stock.hooks.js';
import { SoldOutError, Stock, StockHold, StockNote, type Reservation, type StockRoom } from './stock.js';

@Injectable()
@Participant('stock')
export class StockService implements StockRoom {
  constructor(
    @InjectRepository(Stock) private readonly stock: Repository<Stock>,
    @InjectRepository(StockHold) private readonly holds: Repository<StockHold>,
    @InjectRepository(StockNote) private readonly notes: Repository<StockNote>,
    private readonly hooks: StockHooks,
    private readonly tcc: Tcc,
  ) {}

  @Try()
  async reserve(sku: string, quantity: number): Promise<Reservation> {
    const key = this.tcc.branch.idempotencyKey;
    const { free } = await this.stock.findOneByOrFail({ sku });
    if (free < quantity) throw new SoldOutError(sku, quantity - free);
    await this.stock.decrement({ sku }, 'free', quantity);
    await this.holds.insert({ key, sku, quantity });
    await this.hooks.visit('reserve', [sku, quantity]);
    return { key, at: new Date(86_400_000), left: BigInt(free - quantity), label: Uint8Array.of(1, 2, 255) };
  }

  @Confirm('reserve')
  async use(sku: string, quantity: number, reservation: Reservation): Promise<void> {
    await this.stock.increment({ sku }, 'sold', quantity);
    await this.holds.delete({ key: reservation.key });
    await this.hooks.visit('reserve', [sku, quantity, reservation]);
  }

  @Cancel('reserve')
  async giveBack(sku: string, quantity: number): Promise<void> {
    await this.stock.increment({ sku }, 'free', quantity);
    await this.holds.delete({ key: this.tcc.branch.idempotencyKey });
    await this.hooks.visit('reserve', [sku, quantity]);
  }

  @Try()
  async keep(payload: unknown): Promise<unknown> {
    return this.hooks.visit('keep', [payload], payload);
  }

  @Confirm('keep')
  async kept(payload: unknown, result: unknown): Promise<void> {
    await this.hooks.visit('keep', [payload, result]);
  }

  @Cancel('keep')
  async dropped(payload: unknown): Promise<void> {
    await this.hooks.visit('keep', [payload]);
  }

  @Try({ confirm: false })
  async sell(sku: string, quantity: number): Promise<void> {
    await this.stock.increment({ sku }, 'sold', quantity);
    await this.hooks.visit('sell', [sku, quantity]);
  }

  @Cancel('sell')
  async takeBack(sku: string, quantity: number): Promise<void> {
    await this.stock.decrement({ sku }, 'sold', quantity);
    await this.hooks.visit('sell', [sku, quantity]);
  }

  @Message()
  async note(text: string): Promise<void> {
    await this.notes.insert({ key: this.tcc.branch.idempotencyKey, text });
    await this.hooks.visit('note', [text]);
  }
}

/** A third party: no database, so nobody refuses a late try there. */
@Injectable()
@Participant('courier', { dataSource: false })
export class CourierService {
  constructor(private readonly hooks: StockHooks) {}

  @Try({ timeLimit: '200ms' })
  async book(address: string): Promise<string> {
    return this.hooks.visit('book', [address], `van for ${address}`);
  }

  @Confirm('book')
  async pickUp(address: string, van: string): Promise<void> {
    await this.hooks.visit('book', [address, van]);
  }

  @Cancel('book')
  async callOff(address: string): Promise<void> {
    await this.hooks.visit('book', [address]);
  }
}
