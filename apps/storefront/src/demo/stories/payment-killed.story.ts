import type { Stage } from '../stage.js';

/** The payment is killed when it holds the money and nobody knows. */
export async function paymentKilledAfterTry(stage: Stage): Promise<void> {
  const { world, teller } = stage;
  teller.title('5. The payment is killed when it holds the money, before it has said so');
  const before = await world.snapshot();
  const doomed = await stage.restart('payment', { TCC_FAULTS: 'answer.try.sending:pause#payment.authorize' });
  const order = stage.order('alice', 'lamp');
  await doomed.paused();
  await doomed.kill();
  const killed = await world.snapshot();
  teller.say(`alice orders a lamp; kill -9 ${doomed.pid} after its local commit, before its answer.`);
  stage.answered('the storefront does not know, and cancels', await order, [503, 'TCC_PARTICIPANT_UNREACHABLE']);
  teller.say('The payment is started again.');
  await stage.restart('payment');
  const after = await world.settled();
  teller.table(['before', before], ['killed', killed], ['recovered', after]);
  stage.checkNewOrder(before, after, 'cancelled');
  stage.checkAll(after);
}

/** The payment is killed while it captures the money. */
export async function paymentKilledInConfirm(stage: Stage): Promise<void> {
  const { world, teller } = stage;
  teller.title('6. The payment is killed while it confirms');
  const before = await world.snapshot();
  const doomed = await stage.restart('payment', { TCC_FAULTS: 'barrier.confirm.opened:pause#payment.authorize' });
  const order = stage.order('alice', 'lamp');
  await doomed.paused();
  await doomed.kill();
  teller.say(`alice orders a lamp; kill -9 ${doomed.pid} inside confirm.`);
  stage.answered('the decision stands', await order, [201, 'confirmed']);
  const killed = await world.snapshot();
  teller.say('The payment is started again.');
  await stage.restart('payment');
  const after = await world.settled();
  teller.table(['before', before], ['killed', killed], ['recovered', after]);
  stage.checkNewOrder(before, after, 'confirmed');
  stage.checkAll(after);
}
