import 'reflect-metadata';
import { runUntilStopped } from '../../shared/src/process/run-until-stopped.js';
import { shopSettings } from './settings/shop-settings.js';
import { startShop } from './start-shop.js';

runUntilStopped(async () => {
  const shop = await startShop(shopSettings(process.env));
  const lines = [`shop listening on http://127.0.0.1:${shop.port}`];
  if (shop.ownDatabases !== undefined) lines.push(`databases shop, inventory and payment on ${shop.ownDatabases}`);
  return { lines, stop: () => shop.stop() };
});
