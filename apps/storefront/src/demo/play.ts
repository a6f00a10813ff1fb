import { Stage } from './stage.js';
import { paymentAway } from './stories/away.story.js';
import { killedInTheMiddle } from './stories/kill.story.js';
import { ordinaryDays } from './stories/order.story.js';
import { paymentKilledAfterTry, paymentKilledInConfirm } from './stories/payment-killed.story.js';
import { refund } from './stories/refund.story.js';
import type { ShopWorld } from './shop-world.js';
import type { Teller } from './teller.js';

/** All stories, one after the other, on the same databases. */
export async function play(world: ShopWorld, teller: Teller): Promise<void> {
  teller.say('One shop: storefront, inventory and payment, three processes that talk HTTP, each with its database.');
  teller.say('In the tables:');
  teller.say('  inventory  available / reserved / sold');
  teller.say('  payment    balance / held / captured, in euros');
  teller.say('  shop       orders, and global transactions in the ledger, by status');
  const stage = await Stage.set(world, teller);
  const orderId = await ordinaryDays(stage);
  await killedInTheMiddle(stage, {
    title: '3. The storefront is killed between decision and confirm',
    at: 'ledger.decide.done:pause',
    during: 'after the decision to confirm, before any confirm',
    expected: 'confirmed',
    env: {},
  });
  await killedInTheMiddle(stage, {
    title: '4. The storefront is killed before the decision',
    at: 'ledger.decide.sending:pause',
    during: 'when all is reserved, before the decision',
    expected: 'cancelled',
    // Nobody has decided, so the order stands until its deadline.
    env: { TCC_TIMEOUT: '3s' },
  });
  await paymentKilledAfterTry(stage);
  await paymentKilledInConfirm(stage);
  await paymentAway(stage);
  await refund(stage, orderId);
}
