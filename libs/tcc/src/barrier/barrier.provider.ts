import type { BarrierPort } from './barrier.port.js';

/** Token of the {@link BarrierProvider} in use. */
export const BARRIER_PROVIDER = Symbol.for('nestjs-tcc:barrier-provider');

/** Finds the barrier of a DataSource by the name that a participant gives. */
export interface BarrierProvider {
  /** @param name undefined: the default DataSource */
  find(
    name: string | undefined,
  ): { readonly dataSource: object; readonly barrier: BarrierPort } | 'missing' | 'no postgres';
  /** Migrates or checks every barrier that was asked for. */
  open(): Promise<void>;
  /** Lets go of what was patched. */
  close(): void;
}
