import { Inject, Injectable, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { Cancel, Confirm, GlobalTransaction, Message, Participant, Tcc, Try } from 'nestjs-tcc';
import pg from 'pg';
import { Hold, Wallet } from '../bank/wallet.entity.js';

/** What a third party has heard, and the letters that were written: both in the north's database. */
export const SCENARIO_TABLES = `
create table if not exists heard (key text not null, owner text not null, what text not null);
create table if not exists letter (key text not null, owner text not null)`;

const NORTH_URL = Symbol('url of the north');

/** A third party: knows nothing of local transactions, and remembers every call. */
@Injectable()
export class ThirdParty implements OnApplicationShutdown {
  private readonly pool: pg.Pool;
  constructor(
    @Inject(NORTH_URL) url: string,
    private readonly tcc: Tcc,
  ) {
    this.pool = new pg.Pool({ connectionString: url, max: 2 });
    this.pool.on('error', () => undefined);
  }

  async hear(owner: string, what: string): Promise<void> {
    const { idempotencyKey } = this.tcc.branch;
    await this.pool.query('insert into heard values ($1, $2, $3)', [idempotencyKey, owner, what]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

@Injectable()
@Participant('carrier', { dataSource: false })
export class Carrier {
  constructor(private readonly thirdParty: ThirdParty) {}

  @Try({ timeLimit: '2s' })
  async order(owner: string, _amount: number): Promise<string> {
    await this.thirdParty.hear(owner, 'try');
    return `for ${owner}`;
  }
  @Confirm('order')
  async collect(owner: string, _amount: number, receipt: string): Promise<void> {
    await this.thirdParty.hear(owner, receipt === `for ${owner}` ? 'confirm' : `receipt ${receipt}`);
  }
  @Cancel('order')
  async callOff(owner: string, _amount: number): Promise<void> {
    await this.thirdParty.hear(owner, 'cancel');
  }

  @Message()
  async notify(owner: string, _amount: number): Promise<void> {
    await this.thirdParty.hear(owner, 'message');
  }
}

@Injectable()
@Participant('deeds', { dataSource: 'north' })
export class Deeds {
  constructor(private readonly tcc: Tcc) {}

  @Try({ confirm: false })
  async book(owner: string, amount: number): Promise<void> {
    await this.move(owner, 'balance', 'gone', amount);
  }
  @Cancel('book')
  async unbook(owner: string, amount: number): Promise<void> {
    await this.move(owner, 'gone', 'balance', amount);
  }

  @Message()
  async write(owner: string, _amount: number): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    await manager.query('insert into letter values ($1, $2)', [idempotencyKey, owner]);
  }

  private async move(owner: string, from: 'balance' | 'gone', to: 'balance' | 'gone', amount: number): Promise<void> {
    await this.tcc.branch.manager.decrement(Wallet, { owner }, from, amount);
    await this.tcc.branch.manager.increment(Wallet, { owner }, to, amount);
  }
}

@Injectable()
@Participant('swift', { dataSource: 'south', effects: 'database' })
export class Swift {
  constructor(private readonly tcc: Tcc) {}

  @Try()
  async take(owner: string, amount: number): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    await manager.insert(Hold, { key: idempotencyKey, owner, amount });
    await manager.decrement(Wallet, { owner }, 'balance', amount);
    await manager.increment(Wallet, { owner }, 'held', amount);
  }
  @Confirm('take')
  async use(owner: string, amount: number): Promise<void> {
    await this.release(owner, 'gone', amount);
  }
  @Cancel('take')
  async giveBack(owner: string, amount: number): Promise<void> {
    await this.release(owner, 'balance', amount);
  }

  private async release(owner: string, to: 'gone' | 'balance', amount: number): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    const { affected } = await manager.delete(Hold, { key: idempotencyKey });
    if (affected !== 1) throw new Error(`nothing is held for ${idempotencyKey}`);
    await manager.decrement(Wallet, { owner }, 'held', amount);
    await manager.increment(Wallet, { owner }, to, amount);
  }
}

/** Uses every kind of branch. */
@Injectable()
export class Shipments {
  constructor(
    readonly carrier: Carrier,
    readonly deeds: Deeds,
    readonly swift: Swift,
  ) {}

  /** Joins its caller, and changes its mind. */
  @GlobalTransaction({ name: 'attempt' })
  async attempt(owner: string, amount: number): Promise<void> {
    await this.swift.take(owner, amount);
    throw new Error('changed its mind');
  }
}

/** For `startBank`, for scenarios with more than the banks. */
export const scenarioProviders = (northUrl: string): Provider[] => [
  { provide: NORTH_URL, useValue: northUrl },
  ThirdParty,
  Carrier,
  Deeds,
  Swift,
  Shipments,
];
