/** Of every server: reachable on loopback by TCP only; enough connections for several pools at once. */
const COMMON = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'shared_buffers=64MB'];

/** Data that nobody keeps: a crash of the machine may lose all of it. */
const THROW_AWAY = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_prepared_transactions=20'];

/** Arguments of `postgres`. `own` settings come last, so they win. */
export function serverArguments(data: string, port: number, keepsData: boolean, own: readonly string[]): string[] {
  const settings = [...COMMON, ...(keepsData ? [] : THROW_AWAY), ...own];
  return ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

/** Arguments of `initdb`. Only loopback reaches the server, so it asks for no password. */
export function initArguments(data: string, keepsData: boolean): string[] {
  const always = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'];
  return keepsData ? always : [...always, '--no-sync', '--wal-segsize=4'];
}

/** Messages are read by us: never in another language. */
export const SERVER_ENVIRONMENT = { LC_MESSAGES: 'C', LC_ALL: 'C', TZ: 'UTC' } as const;
