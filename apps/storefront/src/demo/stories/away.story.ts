import { setTimeout as pause } from 'node:timers/promises';
import type { ShopAnswer, Stage } from '../stage.js';

const IS_AWAY_MS = 1_500;

/** The payment database goes away while an order is being confirmed, and comes back. */
export async function paymentAway(stage: Stage): Promise<void> {
  const { world, teller } = stage;
  teller.title('7. The payment database is away during confirm, and comes back');
  const before = await world.snapshot();
  const payment = await stage.restart('payment', { TCC_FAULTS: 'barrier.confirm.opened:pause#payment.authorize' });
  const order = stage.order('alice', 'phone');
  await payment.paused();
  await world.takeAway('payment');
  const bought = await order;
  stage.answered('alice orders a phone; the payment database goes away before it has confirmed', bought, [
    201,
    'confirmed',
  ]);
  await pause(IS_AWAY_MS);
  const away = await world.snapshot();
  const view = await stage.client.get<ShopAnswer>(`/orders/${bought.body.orderId}`);
  stage.answered('meanwhile the order is, by the ledger', view, [200, 'confirmed']);
  await world.bringBack('payment');
  const after = await world.settled();
  teller.table(['before', before], ['away', away], ['back', after]);
  stage.checkNewOrder(before, after, 'confirmed');
  stage.checkAll(after);
}
