import 'reflect-metadata';
import { play } from './play.js';
import { ShopWorld } from './shop-world.js';
import { Teller } from './teller.js';

const STOPPED_BY: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

async function main(): Promise<number> {
  const startedAt = performance.now();
  const teller = new Teller();
  const opening = ShopWorld.open();
  const stopped = new Promise<number>((resolve) => {
    for (const [signal, code] of Object.entries(STOPPED_BY)) process.on(signal, () => resolve(code));
  });
  const world = await opening;
  try {
    const ended = await Promise.race([stopped, play(world, teller).then(() => undefined)]);
    if (ended !== undefined) return ended;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    teller.say(teller.failed ? '\nSomething is off.' : `\nEverything adds up, after ${seconds} s.`);
    return teller.failed ? 1 : 0;
  } finally {
    await world.close();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
