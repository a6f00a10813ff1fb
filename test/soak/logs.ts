import { Check, type Verdict } from './checker/check.js';
import type { InstanceEvents, UnexpectedEnd } from './world/instance.js';

const IDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A text without what is different each time. */
export const shapeOf = (text: string): string => text.replaceAll(IDS, '…').replaceAll(/\d+/g, '#');

/** What instances wrote, counted by what it says. */
export class Logs implements InstanceEvents {
  readonly lines = new Map<string, number>();
  readonly unexpectedEnds: UnexpectedEnd[] = [];
  /** Last words of starts that failed. */
  readonly failedStarts: { readonly instance: string; readonly lastLines: readonly string[] }[] = [];

  logged(_instance: string, line: string): void {
    const shape = shapeOf(line);
    this.lines.set(shape, (this.lines.get(shape) ?? 0) + 1);
  }

  failedToStart(instance: string, lastLines: readonly string[]): void {
    this.failedStarts.push({ instance, lastLines });
  }

  ended(end: UnexpectedEnd): void {
    this.unexpectedEnds.push(end);
  }

  /** Those that come most often first. */
  mostFrequent(): readonly (readonly [line: string, times: number])[] {
    return [...this.lines].sort(([, a], [, b]) => b - a);
  }

  startFailures(): string {
    return this.failedStarts.map(({ instance, lastLines }) => `${instance}: ${lastLines.join('\n  ')}`).join('\n');
  }

  noUnexpectedEnd(instances: number): Verdict {
    const check = new Check('no process ended by itself');
    for (let each = 0; each < instances; each++) check.that(true, () => ({ what: '' }));
    for (const { instance, how, lastLines } of this.unexpectedEnds)
      check.that(false, () => ({ what: `${instance} ended (${how}): ${lastLines.join(' | ')}` }));
    return check.verdict();
  }
}
