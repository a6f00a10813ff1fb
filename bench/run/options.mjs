import { parseArgs } from 'node:util';
import { MODES } from '../modes/modes.mjs';

const HELP = `npm run bench -- [options]

  --quick                 about a minute: floor and tcc at 1 and 32
  --concurrency 1,8,32    callers at a time; default 1,8,32,128
  --modes floor,tcc       which modes; default all
  --rounds N              default 3
  --seconds S             of each point; default 8
  --warm-up S             before it, not counted; default 2
  --pool N                connections to each database; default 20
  --retries N             of a point while others use the machine; default 1
  --no-peers              without DBOS and Restate
  --out DIR               default bench/results
  --docs                  rewrites the figures and the chart of docs/performance.md
  --from FILE             reports an earlier run (transfer.json) instead of measuring

Modes:
${Object.entries(MODES)
  .map(([name, { about, extra }]) => `  ${name.padEnd(16)} ${about}${extra ? ' (only when named)' : ''}`)
  .join('\n')}
`;

const positive = (name, text) => {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} takes a number above 0, not ${text}`);
  return number;
};

/**
 * @param {string[]} args
 * @returns {{ help: string } | { modes: string[], concurrencies: number[], rounds: number, seconds: number, warmUp: number, poolSize: number, retries: number, peers: boolean, quick: boolean, docs: boolean, out: string, from?: string }}
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      concurrency: { type: 'string' },
      modes: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      pool: { type: 'string', default: '20' },
      retries: { type: 'string' },
      from: { type: 'string' },
      'no-peers': { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
      out: { type: 'string', default: 'bench/results' },
    },
  });
  if (values.help) return { help: HELP };
  const { quick } = values;
  const named = values.modes?.split(',');
  const unknown = named?.filter((mode) => !(mode in MODES)) ?? [];
  if (unknown.length > 0) throw new Error(`no such mode: ${unknown.join(', ')}\n\n${HELP}`);
  const usual = quick ? ['floor', 'tcc'] : Object.keys(MODES).filter((mode) => !MODES[mode].extra);
  return {
    modes: named ?? usual,
    concurrencies: (values.concurrency ?? (quick ? '1,32' : '1,8,32,128'))
      .split(',')
      .map((each) => positive('concurrency', each)),
    rounds: positive('rounds', values.rounds ?? (quick ? '2' : '3')),
    seconds: positive('seconds', values.seconds ?? (quick ? '3' : '8')),
    warmUp: positive('warm-up', values['warm-up'] ?? (quick ? '1.5' : '2')),
    poolSize: positive('pool', values.pool),
    retries: Number(values.retries ?? (quick ? 0 : 1)),
    peers: !values['no-peers'],
    quick,
    docs: values.docs,
    out: values.out,
    from: values.from,
  };
}
