import type { Topology } from './in-process-services.js';
import { inProcessShop, type InProcessShop } from './in-process-shop.js';
import { expectConsistent } from './settled.js';
import { ShopActions } from './shop-actions.js';
import { shopDatabases, type ShopDatabases } from './shop-databases.js';

export interface UsedShop extends InProcessShop {
  readonly databases: ShopDatabases;
  readonly actions: ShopActions;
}

/** A shop for all tests of a `describe`, on databases of its own. Behind each of them its sums have to hold. */
export function useShop(topology?: Topology): UsedShop {
  const used = {} as { -readonly [Key in keyof UsedShop]: UsedShop[Key] };
  beforeAll(async () => {
    used.databases = shopDatabases();
    Object.assign(used, await inProcessShop(used.databases.server, topology));
    used.actions = new ShopActions(used, used.databases.server);
  });
  afterAll(async () => {
    await used.close?.();
    await used.databases.drop();
  });
  afterEach(async () => {
    used.faults();
    await expectConsistent(used.databases.server);
  });
  return used;
}
