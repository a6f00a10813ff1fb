import { Inject, Injectable } from '@nestjs/common';
import { Cancel, Confirm, GlobalTransaction, Message, Participant, Tcc, Try } from 'nestjs-tcc';
import pg from 'pg';
import { CHARGE_LIMIT_MS } from '../world/topology.js';
import { Points } from './points.participant.js';

export const THIRD_PARTY_POOL = Symbol('third party');

/** The third party says no. */
export class CardRefusedError extends Error {
  readonly code = 'CARD_REFUSED';
}

/**
 * A payment provider's interface, which knows a charge by its key only: charging again changes nothing, and giving back
 * what was never charged is no error and shuts out nobody who charges later.
 */
@Injectable()
@Participant('third', { dataSource: false })
export class ThirdParty {
  constructor(
    private readonly tcc: Tcc,
    private readonly points: Points,
    @Inject(THIRD_PARTY_POOL) private readonly pool: pg.Pool,
  ) {}

  @Try({ timeLimit: CHARGE_LIMIT_MS })
  async charge(orderId: string, amount: number): Promise<string> {
    const { idempotencyKey: key, signal } = this.tcc.branch;
    if (amount % 2 === 1) throw new CardRefusedError(`${amount} is odd`);
    const client = await this.pool.connect();
    let failed = true;
    try {
      // it may have waited for its connection until nobody counts on the charge any more
      signal.throwIfAborted();
      await client.query(
        `insert into charge (key, order_id, amount, status, tries) values ($1, $2, $3, 'held', 1)
         on conflict (key) do update set tries = charge.tries + 1`,
        [key, orderId, amount],
      );
      failed = false;
    } finally {
      client.release(failed);
    }
    return `charge of ${key}`;
  }

  @Confirm('charge')
  async capture(_orderId: string, amount: number, receipt: string): Promise<void> {
    const { idempotencyKey: key } = this.tcc.branch;
    if (receipt !== `charge of ${key}`) throw new Error(`confirm got '${receipt}'`);
    const { rowCount } = await this.pool.query(
      `update charge set status = 'captured', captures = captures + 1
       where key = $1 and amount = $2 and status in ('held', 'captured')`,
      [key, amount],
    );
    if (rowCount !== 1) throw new Error(`nothing to capture for ${key}`);
  }

  @Cancel('charge')
  async refund(): Promise<void> {
    const { idempotencyKey: key } = this.tcc.branch;
    const { rows } = await this.pool.query<{ status: string }>(
      `update charge set status = case status when 'captured' then 'captured' else 'released' end, refunds = refunds + 1
       where key = $1 returning status`,
      [key],
    );
    if (rows[0]?.status === 'captured') throw new Error(`${key} is captured`);
  }

  /** Composition out of a message: what follows is a transaction of its own, keyed by the message's branch. */
  @Message()
  async follow(orderId: string, owner: string, amount: number): Promise<void> {
    await this.followUp(this.tcc.branch.idempotencyKey, orderId, owner, amount);
  }

  @GlobalTransaction({ name: 'follow-up', key: (key: string) => key })
  async followUp(_key: string, orderId: string, owner: string, amount: number): Promise<void> {
    await this.points.earn(`${orderId}/follow`, owner, amount);
  }
}
