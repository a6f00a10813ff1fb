import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface SoakOptions {
  /** How long there are load and faults. */
  readonly minutes: number;
  /** Of the plan of faults and of what clients order. */
  readonly seed: number;
  /** How many clients at a time. */
  readonly clients: number;
  /** File for the report as JSON. */
  readonly json: string | undefined;
}

export const USAGE = 'npm run soak -- [--minutes 1] [--seed <number>] [--clients 8] [--json <file>]';

/** @throws Error that says what is wrong */
export function parseOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      clients: { type: 'string', default: '8' },
      json: { type: 'string' },
    },
  });
  const number = (name: string, text: string, low: number, high: number): number => {
    const value = Number(text);
    if (!(value >= low && value <= high)) throw new Error(`--${name} ${text} is not from ${low} to ${high}\n${USAGE}`);
    return value;
  };
  return {
    minutes: number('minutes', values.minutes, 0.1, 10_000),
    seed: values.seed === undefined ? randomInt(2 ** 31) : number('seed', values.seed, 0, 2 ** 31),
    clients: Math.round(number('clients', values.clients, 1, 64)),
    json: values.json,
  };
}
