import type { FaultPoint } from 'nestjs-tcc';

/**
 * What a fault rule with action `error` rejects with.
 *
 * @publicApi
 */
export class InjectedFaultError extends Error {
  override readonly name = 'InjectedFaultError';

  constructor(readonly point: FaultPoint) {
    super(`fault injected at ${point}`);
  }
}
