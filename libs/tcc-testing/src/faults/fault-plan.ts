import type { FaultHook, FaultPoint, FaultSubject } from 'nestjs-tcc';
import { InjectedFaultError } from './injected-fault.error.js';

/**
 * `crash`: SIGKILL to this process. `error`: the step rejects with {@link InjectedFaultError}. `pause`: the step waits
 * until {@link FaultPlan.resume}.
 *
 * @publicApi
 */
export type FaultAction = 'crash' | 'error' | 'pause';

/**
 * What happens at one step.
 *
 * @publicApi
 */
export interface FaultRule {
  readonly point: FaultPoint;
  readonly action: FaultAction;
  /** At which of its occurrences, from 1 (default), or at each. Counted per rule, among those that fit `branch`. */
  readonly nth?: number | 'each';
  /** Only for this `participant.method`; fits steps of a barrier or a call only. */
  readonly branch?: string;
}

interface RuleState {
  readonly rule: FaultRule;
  occurrences: number;
}

interface Waiter {
  readonly point: FaultPoint;
  readonly tell: (about: FaultSubject) => void;
}

/**
 * Faults to inject, and what became of them. One per test: occurrences are counted from its making.
 *
 * @publicApi
 */
export class FaultPlan {
  private readonly rules: readonly RuleState[];
  private readonly struck = new Map<FaultPoint, FaultSubject>();
  private readonly paused = new Map<FaultPoint, (() => void)[]>();
  private waiters: Waiter[] = [];

  /** @param announce told before a rule acts */
  constructor(
    rules: readonly FaultRule[],
    private readonly announce: (rule: FaultRule, about: FaultSubject) => void = () => {},
  ) {
    this.rules = rules.map((rule) => ({ rule, occurrences: 0 }));
  }

  /** Resolves once a rule has acted at that step (now or earlier), with what the step was about. */
  reached(point: FaultPoint): Promise<FaultSubject> {
    const about = this.struck.get(point);
    if (about !== undefined) return Promise.resolve(about);
    return new Promise((resolve) => this.waiters.push({ point, tell: resolve }));
  }

  /** Lets steps go on that are paused: those of one point, or all. Later pauses are not affected. */
  resume(point?: FaultPoint): void {
    for (const paused of point === undefined ? [...this.paused.keys()] : [point]) {
      const releases = this.paused.get(paused) ?? [];
      this.paused.delete(paused);
      for (const release of releases) release();
    }
  }

  /** What {@link faultHook} calls at each step. */
  apply(point: FaultPoint, about: FaultSubject): Promise<void> | undefined {
    let acting: FaultRule | undefined;
    for (const state of this.rules) {
      const { rule } = state;
      if (rule.point !== point || (rule.branch !== undefined && rule.branch !== about.branch)) continue;
      state.occurrences += 1;
      if (rule.nth === 'each' || state.occurrences === (rule.nth ?? 1)) acting ??= rule;
    }
    return acting === undefined ? undefined : this.act(acting, about);
  }

  private act(rule: FaultRule, about: FaultSubject): Promise<void> {
    const { point } = rule;
    this.announce(rule, about);
    // The promise is in place before anybody hears of it, so that resume() right after reached() finds it.
    const outcome = this.outcome(rule);
    this.struck.set(point, about);
    const told = this.waiters.filter((waiter) => waiter.point === point);
    this.waiters = this.waiters.filter((waiter) => waiter.point !== point);
    for (const waiter of told) waiter.tell(about);
    return outcome;
  }

  private outcome({ action, point }: FaultRule): Promise<void> {
    switch (action) {
      case 'crash':
        process.kill(process.pid, 'SIGKILL');
        return new Promise(() => {}); // the signal may be delivered a moment later: not a step further
      case 'error':
        return Promise.reject(new InjectedFaultError(point));
      case 'pause':
        return new Promise((resolve) => this.paused.set(point, [...(this.paused.get(point) ?? []), resolve]));
    }
  }
}

/**
 * The hook that carries out a plan.
 *
 * @publicApi
 */
export const faultHook =
  (plan: FaultPlan): FaultHook =>
  (point, about) =>
    plan.apply(point, about);
