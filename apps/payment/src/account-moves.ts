import type { EntityManager } from 'typeorm';
import { change, mustHaveChanged } from '../../shared/src/database/change.js';

/** The places where money can be. */
export type Place = 'balance' | 'held' | 'captured';

/** Moves an amount to `held` and notes for which branch. @returns false, and moves nothing: there is not enough */
export async function hold(
  manager: EntityManager,
  branch: string,
  customer: string,
  amount: number,
  from: Exclude<Place, 'held'>,
): Promise<boolean> {
  const moved = await manager.query<unknown[]>(
    `with moved as (
       update account set ${from} = ${from} - $3, held = held + $3
       where customer = $2 and ${from} >= $3
       returning customer
     )
     insert into account_hold (branch, customer, amount) select $1, customer, $3 from moved returning branch`,
    [branch, customer, amount],
  );
  return moved.length > 0;
}

/** Moves what a branch holds from `held` to where it belongs now. */
export async function unhold(manager: EntityManager, branch: string, to: Exclude<Place, 'held'>): Promise<void> {
  const moved = await change(
    manager,
    `with gone as (delete from account_hold where branch = $1 returning customer, amount)
     update account set held = held - gone.amount, ${to} = ${to} + gone.amount
     from gone where account.customer = gone.customer
     returning account.customer`,
    [branch],
  );
  mustHaveChanged(moved, `the amount held by ${branch}`);
}
