import type { DataSource } from 'typeorm';

/** Of pg; TypeORM keeps it as `master`. */
interface Pool {
  on(event: 'connect', listener: (client: Emitter) => void): void;
  off(event: 'connect', listener: (client: Emitter) => void): void;
}
interface Emitter {
  on(event: 'error', listener: () => void): void;
}

/** Nothing to do: whoever uses the connection gets the error. */
const heard = (): void => undefined;
const listen = (client: Emitter): void => client.on('error', heard);

/**
 * Gives each connection of a participant's pool a listener from the start. TypeORM adds its own a turn later than pg's
 * pool takes its away, and a server that ends a session as it begins (a shutdown, a fail-over) says so in between: an
 * `error` that nobody hears ends the process.
 *
 * @returns undoes it
 */
export function guardPool(dataSource: DataSource): () => void {
  // private in TypeORM (0.3 and 1.x)
  const master = (dataSource.driver as unknown as { readonly master?: Partial<Pool> } | undefined)?.master;
  master?.on?.('connect', listen);
  return () => master?.off?.('connect', listen);
}
