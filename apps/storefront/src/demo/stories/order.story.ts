import type { Stage } from '../stage.js';

/** An order that goes well, one that is refused for funds. */
export async function ordinaryDays(stage: Stage): Promise<string> {
  const { world, teller } = stage;
  teller.title('1. An order');
  const before = await world.snapshot();
  const bought = await stage.order('alice', 'phone');
  stage.answered('alice orders a phone', bought, [201, 'confirmed']);
  const after = await world.settled();
  teller.table(['before', before], ['after', after]);
  stage.checkNewOrder(before, after, 'confirmed');
  stage.checkAll(after);

  teller.title('2. An order refused for funds: its stock is given back');
  const refused = await stage.order('bob', 'lamp');
  stage.answered('bob orders a lamp for 49.00 and has 20.00', refused, [409, 'INSUFFICIENT_FUNDS']);
  const given = await world.settled();
  teller.table(['before', after], ['after', given]);
  stage.checkNewOrder(after, given, 'cancelled');
  stage.checkAll(given);
  return bought.body.orderId ?? '';
}
