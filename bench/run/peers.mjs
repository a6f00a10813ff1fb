import { MODES } from '../modes/modes.mjs';
import { install, locate } from '../peers/packages.mjs';

/**
 * Sees to the packages that the modes need. What has to be left out is said.
 *
 * @param {{ modes: string[], peers: boolean, quick: boolean }} options
 * @returns {string[]} the modes that can be measured
 */
export function withPeers({ modes, peers, quick }) {
  const wanted = modes.filter((mode) => MODES[mode].peer);
  if (wanted.length === 0) {
    if (quick) console.error('Without DBOS and Restate: --quick leaves them out unless --modes names them.');
    return modes;
  }
  const why = peers ? install() : '--no-peers';
  const missing = wanted.filter((mode) => why !== undefined || !isThere(MODES[mode].program));
  for (const mode of missing) console.error(`Without ${mode}: ${why ?? 'its server is not made for this system'}.`);
  return modes.filter((mode) => !missing.includes(mode));
}

function isThere(program) {
  if (program === undefined) return true;
  try {
    locate(program);
    return true;
  } catch {
    return false;
  }
}
