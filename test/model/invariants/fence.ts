import type { BarrierStatus } from 'nestjs-tcc';
import type { DeliveryEnd } from '../world/delivery.js';
import type { Invariant, Scene } from '../world/history.js';
import { effectsOf } from './branch-state.js';

type Standing = BarrierStatus | 'none';
type Table = Readonly<Record<Standing, string>>;

const REFUSED = 'TCC_BARRIER_REFUSED';
const LATE = 'TCC_LATE_TRY';
const REPEATED = 'TCC_REPEATED_TRY';

/** What a delivery is answered, by the row as it stood: the design's table, written down a second time on purpose. */
const ANSWERS: Readonly<Record<'try' | 'confirm' | 'message' | 'cancel', Table>> = {
  try: { none: 'ran', tried: REPEATED, confirmed: REPEATED, cancelled: LATE, suspended: LATE },
  confirm: { none: REFUSED, tried: 'ran', confirmed: 'already', cancelled: REFUSED, suspended: REFUSED },
  message: { none: 'ran', tried: REFUSED, confirmed: 'already', cancelled: REFUSED, suspended: REFUSED },
  cancel: { none: 'empty', tried: 'ran', confirmed: REFUSED, cancelled: 'already', suspended: 'already' },
};

/** Late and repeated tries, confirms and cancels out of turn: refused, never run, never answered with success. */
export const fence: Invariant = {
  name: '6 the fence',
  ended: wrongAnswer,
  always: (scene) => contradiction(scene) ?? outOfTurn(scene),
};

function wrongAnswer({ delivery, found, answer }: DeliveryEnd): string | undefined {
  const { phase, kind } = delivery.call;
  const standing = delivery.moved === undefined ? found : delivery.moved.from;
  const table = ANSWERS[phase === 'confirm' && kind === 'message' ? 'message' : phase];
  const expected = table[standing ?? 'none'];
  // The row changed between the two statements: "not yet" costs a delivery, and the next one finds out.
  const between = answer === 'TCC_BARRIER_BUSY' && (expected === 'ran' || expected === 'empty');
  if (answer === expected || between) return undefined;
  return `${delivery.name} found ${standing ?? 'no row'} and was answered ${answer}, not ${expected}`;
}

/** In which order the phases of a branch may commit, whatever its row says by now; an empty cancel counts. */
const COURSES = ['', 'try', 'try confirm', 'try cancel', 'cancel', 'confirm'];

function outOfTurn({ database }: Scene): string | undefined {
  for (const [key, phases] of database.committed) {
    const course = phases.join(' ');
    if (!COURSES.includes(course)) return `the phases of ${key} committed as ${course}`;
  }
  return undefined;
}

/** Effects of one branch that exclude each other. */
function contradiction(scene: Scene): string | undefined {
  const seen = new Map<string, Set<string>>();
  for (const { wallet, phase, key } of effectsOf(scene))
    if (wallet !== 'gateway') seen.set(key, (seen.get(key) ?? new Set()).add(phase));
  for (const [key, phases] of seen) {
    const standing = scene.database.rows.get(key);
    if (phases.has('confirm') && phases.has('cancel')) return `${key} was confirmed and cancelled`;
    if (phases.has('cancel') && !phases.has('try')) return `${key} was given back and never held`;
    if (phases.has('try') && standing === 'suspended') return `${key} took effect behind its cancel`;
    if (phases.size > 0 && standing === undefined) return `${key} took effect and left no barrier row`;
  }
  return undefined;
}
