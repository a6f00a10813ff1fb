import { isTccError } from 'nestjs-tcc';
import type { Coverage } from '../coverage.js';
import type { Performance, Program } from './program.js';
import type { World } from './world.js';

/** Everything that is wrong with a program's end, once all has settled; empty: nothing. */
export async function verdictOf(
  { xid, told, succeeded, takenBack, tooLate, messages, cancelOnly }: Performance,
  { tasks }: Program,
  world: World,
  see: Coverage['see'],
): Promise<readonly string[]> {
  const wrong = world.breaches.splice(0);
  if (xid === undefined) return [...wrong, 'the initiator never ran'];
  const status = (await world.memory.find(xid))?.status;
  const branches = await world.memory.branches(xid);
  const confirmed = status === 'confirmed';
  const done = 'value' in told;
  const text = done ? 'its value' : isTccError(told.error) ? told.error.code : (told.error as Error).constructor.name;
  see(`${status ?? 'nothing'}, told ${text}`);

  if (status !== undefined && status !== 'confirmed' && status !== 'cancelled') wrong.push(`it is ${status}`);
  if (done && !cancelOnly && branches.length > 0 && !confirmed) wrong.push(`told that it is done, and it is ${status}`);
  if (!done && text !== 'TCC_IN_DOUBT' && confirmed) wrong.push(`told ${text}, and it is confirmed`);

  const times = (key: string, phase: string): number =>
    world.effects.filter((effect) => effect === `${key} ${phase}`).length;
  const outcomes = confirmed ? world.decisions.get(xid)?.outcomes : undefined;
  const known = new Set(branches.map(({ seq }) => `${xid}:${seq}`));
  for (const { seq, kind } of branches) {
    const key = `${xid}:${seq}`;
    const confirm = outcomes?.[seq]?.confirm === true;
    if (times(key, 'confirm') !== (confirm ? 1 : 0)) wrong.push(`${key} is confirmed ${times(key, 'confirm')} times`);
    // an empty cancel is no effect
    const tried = kind === 'message' ? 0 : times(key, 'try');
    if (times(key, 'cancel') !== (confirm ? 0 : tried)) wrong.push(`${key} is cancelled ${times(key, 'cancel')} times`);
  }
  for (const effect of world.effects) if (!known.has(effect.split(' ')[0]!)) wrong.push(`${effect}, and it is lost`);
  for (const key of tooLate) wrong.push(`${key} was called after the initiator had ended, and succeeded`);
  for (const key of takenBack)
    if (times(key, 'confirm') > 0) wrong.push(`${key} is confirmed, and its joined method threw`);
  if (done && confirmed) {
    for (const key of succeeded)
      if (times(key, 'confirm') !== 1) wrong.push(`${key} had succeeded before the initiator returned`);
    const sent = branches.filter(({ kind, seq }) => kind === 'message' && times(`${xid}:${seq}`, 'confirm') === 1);
    if (sent.length !== messages) wrong.push(`${messages} messages were called, and ${sent.length} were sent`);
  }
  if (branches.length > 2 * tasks.length) wrong.push(`${branches.length} branches`);
  world.effects.length = 0;
  return wrong;
}
