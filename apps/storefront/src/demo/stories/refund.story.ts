import type { ShopAnswer, Stage } from '../stage.js';

/** The order of the first story is refunded; a second time it is refused. */
export async function refund(stage: Stage, orderId: string): Promise<void> {
  const { world, teller } = stage;
  teller.title('8. A refund');
  const { client } = stage;
  const before = await world.snapshot();
  const path = `/orders/${orderId}/refund`;
  stage.answered('alice gives the phone of the first story back', await client.post<ShopAnswer>(path), [
    201,
    'refunded',
  ]);
  stage.answered('and once more', await client.post<ShopAnswer>(path), [409, 'ALREADY_REFUNDED']);
  const after = await world.settled();
  teller.table(['before', before], ['after', after]);
  const status = after.orders.find(({ id }) => id === orderId)?.status;
  teller.check('the order is refunded', status === 'refunded' ? [] : [`it is ${status}`]);
  stage.checkAll(after);
}
