import type { Stage } from '../stage.js';

/** How a storefront is killed, and what must come of it. */
export interface Killing {
  readonly title: string;
  /** Value of `TCC_FAULTS` at which it is killed. */
  readonly at: string;
  readonly during: string;
  readonly expected: 'confirmed' | 'cancelled';
  readonly env: Readonly<Record<string, string>>;
}

/** The storefront is killed with SIGKILL in the middle of an order, started again, and left alone. */
export async function killedInTheMiddle(stage: Stage, { title, at, during, expected, env }: Killing): Promise<void> {
  const { world, teller } = stage;
  teller.title(title);
  const before = await world.snapshot();
  const doomed = await stage.restart('shop', { ...env, TCC_FAULTS: at });
  const order = stage.order('alice', 'book').catch(() => undefined);
  await doomed.paused();
  await doomed.kill();
  await order;
  const killed = await world.snapshot();
  teller.say(`alice orders a book; kill -9 ${doomed.pid} ${during}. The storefront is started again.`);
  await stage.restart('shop');
  const after = await world.settled();
  teller.table(['before', before], ['killed', killed], ['recovered', after]);
  stage.checkNewOrder(before, after, expected);
  stage.checkAll(after);
}
