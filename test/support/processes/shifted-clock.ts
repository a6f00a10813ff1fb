// Imported before anything else, so that nothing in this process has seen another wall clock than this one.
import type { ProcessPlan } from './process-plan.js';

const RealDate = Date;
let aheadMs: number | undefined;

/** From now on `Date` is so much ahead of the machine's clock. The monotonic clock runs as always. */
export function setClock(ms: number): void {
  if (aheadMs === undefined) {
    globalThis.Date = shifted;
    // a date says by this that it is one
    RealDate.prototype.constructor = shifted;
  }
  aheadMs = ms;
}

const now = (): number => RealDate.now() + (aheadMs ?? 0);

const shifted = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
});

const { clockAheadMs } = JSON.parse(process.argv[2] ?? '{}') as ProcessPlan;
if (clockAheadMs !== undefined) setClock(clockAheadMs);
