import type { FaultPoint, FaultSubject } from 'nestjs-tcc';
import type { Halt, Step } from './wave-plan.js';

/** The first step of a phase two, by point. */
const DECIDED = /^(barrier\.(confirm|cancel)\.opening|call\.(confirm|cancel)\.sending)$/;

/**
 * Stops a transaction at a step as a crash would: what it would do next, whichever branch, is not done either. Every
 * durable thing lies behind a step, so what a killed process leaves is what stands when it is frozen.
 */
export class Freezer {
  /** What it came to, in order. */
  readonly steps: Step[] = [];
  private readonly seen = new Map<string, number>();
  private readonly held: (() => void)[] = [];
  private state: 'running' | 'frozen' | 'thawed' = 'running';

  constructor(
    private readonly at: Halt | undefined,
    private readonly onFrozen: () => void,
  ) {}

  pass(point: FaultPoint, { branch }: FaultSubject): Promise<void> | undefined {
    if (this.state === 'thawed') return undefined;
    if (this.state === 'frozen') return this.hold();
    const key = `${point} ${branch ?? ''}`;
    const nth = (this.seen.get(key) ?? 0) + 1;
    this.seen.set(key, nth);
    const step = { point, nth, ...(branch === undefined ? {} : { branch }) };
    this.steps.push(step);
    if (!this.isAt(step)) return undefined;
    this.state = 'frozen';
    this.onFrozen();
    return this.hold();
  }

  /** Lets everything go on. */
  thaw(): void {
    this.state = 'thawed';
    for (const release of this.held.splice(0)) release();
  }

  private hold(): Promise<void> {
    return new Promise((resolve) => this.held.push(resolve));
  }

  private isAt({ point, branch, nth }: Step): boolean {
    if (this.at === undefined) return false;
    if (this.at === 'decided') return DECIDED.test(point);
    return this.at.point === point && this.at.branch === branch && this.at.nth === nth;
  }
}
