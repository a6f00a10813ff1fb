import { parseArgs } from 'node:util';
import { MODES } from '../modes/modes.mjs';

const HELP = `npm run bench -- [options]

  --quick                 about a minute: tcc against the floor at 1 and 32
  --concurrency 1,8,32    callers at a time; default 1,8,32,128
  --modes floor,tcc       which modes; default all
  --rounds N              default 2
  --seconds S             that count, of each mode in a round; default 6
  --warm-up N             transfers before them, in 20 s at most; default 4000
  --pool N                connections to each database; default 20
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
 * @returns {{ help: string } | { modes: string[], concurrencies: number[], rounds: number, seconds: number, warmUp: number, poolSize: number, peers: boolean, quick: boolean, docs: boolean, out: string, from?: string }}
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
  const usual = quick ? ['tcc'] : Object.keys(MODES).filter((mode) => !MODES[mode].extra);
  return {
    modes: named ?? usual,
    concurrencies: (values.concurrency ?? (quick ? '1,32' : '1,8,32,128'))
      .split(',')
      .map((each) => positive('concurrency', each)),
    rounds: positive('rounds', values.rounds ?? (quick ? '1' : '2')),
    seconds: positive('seconds', values.seconds ?? '6'),
    warmUp: positive('warm-up', values['warm-up'] ?? '4000'),
    poolSize: positive('pool', values.pool),
    peers: !values['no-peers'],
    quick,
    docs: values.docs,
    out: values.out,
    from: values.from,
  };
}
