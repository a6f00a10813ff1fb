import { ConfigurationError, type TccModuleOptions } from 'nestjs-tcc';
import { tccOptionsFromEnv } from '../../../shared/src/settings/tcc-options-from-env.js';

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
}

const LARGEST_PORT = 65_535;

/** @throws ConfigurationError naming the variable that cannot work */
export function shopSettings(env: NodeJS.ProcessEnv): ShopSettings {
  const given = (name: string): string | undefined => {
    const text = env[name]?.trim();
    return text === '' ? undefined : text;
  };
  const port = Number(given('PORT') ?? 3_000);
  if (!Number.isInteger(port) || port < 0 || port > LARGEST_PORT) {
    throw new ConfigurationError(
      'PORT',
      `${JSON.stringify(env['PORT'])} is no port; give a number up to ${LARGEST_PORT}`,
    );
  }
  const databaseUrl = given('DATABASE_URL');
  if (databaseUrl !== undefined && !URL.canParse(databaseUrl)) {
    // the value may hold a password
    throw new ConfigurationError('DATABASE_URL', 'it is no URL; write postgres://user:password@host:5432/postgres');
  }
  const databasePrefix = given('SHOP_DATABASE_PREFIX') ?? '';
  if (!/^[a-z0-9_]{0,40}$/.test(databasePrefix)) {
    throw new ConfigurationError('SHOP_DATABASE_PREFIX', 'it may hold a to z, 0 to 9 and _, 40 at most');
  }
  return {
    port,
    host: given('HOST') ?? '127.0.0.1',
    databaseUrl,
    databasePrefix,
    dataDir: given('SHOP_DATA_DIR') ?? '.shop-data',
    tcc: tccOptionsFromEnv(env),
  };
}
