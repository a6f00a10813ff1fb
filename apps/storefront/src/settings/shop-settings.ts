import type { TccModuleOptions } from 'nestjs-tcc';
import { databaseSettings } from '../../../shared/src/settings/database-settings.js';
import { Environment } from '../../../shared/src/settings/environment.js';
import { tccOptionsFromEnv } from '../../../shared/src/settings/tcc-options-from-env.js';
import { placeSettings, type PlaceSettings } from '../places/place-settings.js';

/** What the environment says of this shop. */
export interface ShopSettings {
  /** 0: a free one. */
  readonly port: number;
  readonly host: string;
  /** A server; undefined: an embedded one of our own. */
  readonly databaseUrl: string | undefined;
  /** Put before the names of the three databases. */
  readonly databasePrefix: string;
  /** Where the embedded server keeps its data. */
  readonly dataDir: string;
  readonly tcc: Omit<TccModuleOptions, 'service'>;
  /** Where inventory and payment are; undefined: in this process. */
  readonly places: PlaceSettings | undefined;
}

/** @throws ConfigurationError naming the variable that cannot work */
export function shopSettings(env: NodeJS.ProcessEnv): ShopSettings {
  const read = new Environment(env);
  const { databaseUrl, prefix } = databaseSettings(read);
  return {
    port: read.port('PORT', 3_000),
    host: read.text('HOST') ?? '127.0.0.1',
    databaseUrl,
    databasePrefix: prefix,
    dataDir: read.text('SHOP_DATA_DIR') ?? '.shop-data',
    tcc: tccOptionsFromEnv(env),
    places: placeSettings(read, prefix),
  };
}
