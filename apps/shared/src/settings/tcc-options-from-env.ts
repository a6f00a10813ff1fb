import type { Duration, TccModuleOptions } from 'nestjs-tcc';
import { faultHookFromEnv } from 'nestjs-tcc-testing';

/**
 * What `TCC_*` say, with the shop's defaults. Lengths of time are written as `500ms`, `10s`, `5m`, or in milliseconds.
 *
 * @throws ConfigurationError on a malformed `TCC_FAULTS`; malformed lengths of time are refused by TccModule
 */
export function tccOptionsFromEnv(env: NodeJS.ProcessEnv): Omit<TccModuleOptions, 'service'> {
  const duration = (name: string, fallback: Duration): Duration => {
    const text = env[name]?.trim();
    if (text === undefined || text === '') return fallback;
    return /^\d+$/.test(text) ? Number(text) : (text as Duration);
  };
  return {
    timeout: duration('TCC_TIMEOUT', '10s'),
    lease: duration('TCC_LEASE', '5s'),
    recovery: { poll: duration('TCC_POLL', '1s') },
    // A customer waits for the answer: what takes longer than this goes on without him.
    phaseTwoWait: duration('TCC_PHASE_TWO_WAIT', '2s'),
    callTimeout: duration('TCC_CALL_TIMEOUT', '15s'),
    ledgerTimeout: duration('TCC_LEDGER_TIMEOUT', '5s'),
    retry: { initial: duration('TCC_RETRY_INITIAL', '1s'), cap: duration('TCC_RETRY_CAP', '10s') },
    drain: duration('TCC_DRAIN', '10s'),
    faults: faultHookFromEnv(env),
  };
}
