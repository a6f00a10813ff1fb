import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { GlobalTransaction, Propagation, Tcc } from 'nestjs-tcc';
import { NorthBank, SouthBank } from './bank.participants.js';
import { Points } from './points.participant.js';
import type { Order, OrderKind, Receipt } from './protocol.js';
import { ThirdParty } from './third-party.js';

/** The initiator throws though nothing is wrong. */
export class ChangedMindError extends Error {
  readonly code = 'CHANGED_MIND';
}

const SLOW_TIMEOUT_MS = 700;
const MORE_THAN_ANYBODY_HAS = 1_000_000_000;

/** What joins or nests: a provider of its own, so that its methods are called from outside. */
@Injectable()
export class Inner {
  constructor(
    private readonly north: NorthBank,
    private readonly points: Points,
    private readonly tcc: Tcc,
  ) {}

  /** Joins, and throws: exactly its branches are cancelled. */
  @GlobalTransaction()
  async attempt(order: Order): Promise<void> {
    await Promise.all([
      this.north.withdraw(order.id, order.payer, order.amount),
      this.points.earn(order.id, order.payer, order.amount),
    ]);
    throw new ChangedMindError('of the joined method');
  }

  @GlobalTransaction({ name: 'fee', propagation: Propagation.REQUIRES_NEW })
  async fee(order: Order): Promise<{ xid: string; did: string[] }> {
    await this.points.earn(`${order.id}/fee`, order.payer, 1);
    return { xid: this.tcc.transaction.xid, did: ['points.earn'] };
  }
}

/** The initiators, by kind of order. */
@Injectable()
export class Orders implements Record<Exclude<OrderKind, 'by-hand'>, (order: Order) => Promise<Receipt>> {
  constructor(
    private readonly north: NorthBank,
    private readonly south: SouthBank,
    private readonly points: Points,
    private readonly third: ThirdParty,
    private readonly inner: Inner,
    private readonly tcc: Tcc,
  ) {}

  run(order: Order): Promise<Receipt> {
    if (order.kind !== 'by-hand') return this[order.kind](order);
    const options = { name: 'by-hand', key: order.id, fingerprint: order };
    return this.tcc.run(options, async () => this.receipt(order, await this.move(order)));
  }

  @GlobalTransaction({ name: 'transfer' })
  async transfer(order: Order): Promise<Receipt> {
    return this.receipt(order, await this.move(order));
  }

  @GlobalTransaction({ name: 'parallel' })
  async parallel(order: Order): Promise<Receipt> {
    const [did] = await Promise.all([
      this.moveAtOnce(order),
      this.points.earn(order.id, order.payer, order.amount),
      this.points.note(order.id, order.amount),
    ]);
    return this.receipt(order, [...did, 'points.earn', 'points.note']);
  }

  @GlobalTransaction({ name: 'keyed', key: (order: Order) => order.id })
  async keyed(order: Order): Promise<Receipt> {
    await this.points.note(order.id, order.amount);
    return this.receipt(order, [...(await this.moveAtOnce(order)), 'points.note']);
  }

  /** The card, else the points; whatever the card's refusal was. */
  @GlobalTransaction({ name: 'fallback' })
  async fallback(order: Order): Promise<Receipt> {
    const did = await this.move(order);
    try {
      await this.third.charge(order.id, order.amount);
      return this.receipt(order, [...did, 'third.charge']);
    } catch {
      await this.points.redeem(order.id, order.payer, order.amount);
      return this.receipt(order, [...did, 'points.redeem']);
    }
  }

  @GlobalTransaction({ name: 'joined' })
  async joined(order: Order): Promise<Receipt> {
    const caught = await this.inner.attempt(order).catch((error: unknown) => error);
    // anything else is not what this is about
    if (!(caught instanceof ChangedMindError)) throw caught;
    return this.receipt(order, await this.move(order));
  }

  @GlobalTransaction({ name: 'refused' })
  async refused(order: Order): Promise<Receipt> {
    const did = await this.moveAtOnce(order);
    if (order.amount % 2 === 0) throw new ChangedMindError('of the initiator');
    await this.points.redeem(order.id, order.payer, MORE_THAN_ANYBODY_HAS);
    return this.receipt(order, did);
  }

  @GlobalTransaction({ name: 'sequence', order: 'sequence', phaseTwo: 'background' })
  async sequence(order: Order): Promise<Receipt> {
    const did = await this.move(order);
    await this.points.note(order.id, order.amount);
    await this.third.charge(order.id, 2 * order.amount);
    return this.receipt(order, [...did, 'points.note', 'third.charge']);
  }

  /** The transaction inside stands, however the one around it ends. */
  @GlobalTransaction({ name: 'nested' })
  async nested(order: Order): Promise<Receipt> {
    const [did, inner] = [await this.move(order), await this.inner.fee(order)];
    if (order.amount % 3 === 0) throw new ChangedMindError('after the one inside');
    return { ...this.receipt(order, did), inner };
  }

  @GlobalTransaction({ name: 'follow' })
  async follow(order: Order): Promise<Receipt> {
    const did = await this.moveAtOnce(order);
    await this.third.follow(order.id, order.payee, order.amount);
    return this.receipt(order, [...did, 'third.follow']);
  }

  /** Ends around its deadline. */
  @GlobalTransaction({ name: 'slow', timeout: SLOW_TIMEOUT_MS })
  async slow(order: Order): Promise<Receipt> {
    const did = await this.move(order);
    await pause(SLOW_TIMEOUT_MS - 150 + order.amount * 3);
    return this.receipt(order, did);
  }

  private async move({ id, from, payer, payee, amount }: Order): Promise<string[]> {
    const [source, target] = this.banks(from);
    await source.bank.withdraw(id, payer, amount);
    await target.bank.deposit(id, payee, amount);
    return [`${source.name}.withdraw`, `${target.name}.deposit`];
  }

  private async moveAtOnce({ id, from, payer, payee, amount }: Order): Promise<string[]> {
    const [source, target] = this.banks(from);
    await Promise.all([source.bank.withdraw(id, payer, amount), target.bank.deposit(id, payee, amount)]);
    return [`${source.name}.withdraw`, `${target.name}.deposit`];
  }

  private banks(from: Order['from']): [NamedBank, NamedBank] {
    const north = { name: 'north', bank: this.north };
    const south = { name: 'south', bank: this.south };
    return from === 'north' ? [north, south] : [south, north];
  }

  private receipt({ amount }: Order, did: string[]): Receipt {
    return { xid: this.tcc.transaction.xid, did, at: new Date(amount), amount: BigInt(amount) };
  }
}

interface NamedBank {
  readonly name: string;
  readonly bank: NorthBank | SouthBank;
}
