import 'reflect-metadata';
import { shopSettings } from './settings/shop-settings.js';
import { startShop } from './start-shop.js';

/** Longer than what is under way may take: after this somebody has to look anyway. */
const SHUTDOWN_MS = 25_000;

const SAME_REQUEST_MS = 500;

const LOOK_FOR_PARENT_MS = 250;

/** Known from the start: it may be gone before we serve. */
const PARENT = process.ppid;

async function main(): Promise<void> {
  const shop = await startShop(shopSettings(process.env));
  console.log(`shop listening on http://127.0.0.1:${shop.port}`);
  if (shop.ownDatabases !== undefined) console.log(`databases shop, inventory and payment on ${shop.ownDatabases}`);

  let since: number | undefined;
  const stop = (): void => {
    // Ctrl-C under npm arrives twice at once. Later it means that somebody is tired of waiting: nothing is lost by it,
    // recovery takes over what is left.
    if (since !== undefined && performance.now() - since > SAME_REQUEST_MS) process.exit(1);
    if (since !== undefined) return;
    since = performance.now();
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    shop.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const { npm_lifecycle_event: script, SHOP_STOPS_WITH_PARENT: asked } = process.env;
  if (script === 'start' || asked === '1') whenOrphaned(stop);
}

/** npm, or a test, may be killed without a word: a shop that nobody knows of would keep its port and its data. */
function whenOrphaned(stop: () => void): void {
  const watch = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(watch);
    stop();
  }, LOOK_FOR_PARENT_MS).unref();
}

main().catch((error: unknown) => {
  // several addresses that all failed come as one error without a message
  console.error(error instanceof Error && error.message !== '' ? error.message : error);
  process.exit(1);
});
