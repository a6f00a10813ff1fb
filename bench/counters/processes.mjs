import { readdirSync, readFileSync } from 'node:fs';

// USER_HZ: 100 on every Linux that Node runs on
const MICROSECONDS_PER_TICK = 10_000;

/** Fields of /proc/<pid>/stat behind the name, which may hold blanks and brackets. */
function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  return { parent: Number(fields[1]), own: utime + stime, reaped: cutime + cstime };
}

/**
 * CPU time of a process and its children, those that ended included, in microseconds.
 *
 * @param {number | undefined} pid undefined: of a server that is not ours
 * @returns {number | undefined} undefined where there is no /proc
 */
export function cpuOfTree(pid) {
  if (pid === undefined || process.platform !== 'linux') return undefined;
  const root = statOf(pid);
  let ticks = root.own + root.reaped;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const { parent, own } = statOf(name);
      if (parent === pid) ticks += own;
    } catch {
      // it has ended meanwhile
    }
  }
  return ticks * MICROSECONDS_PER_TICK;
}

/**
 * What the machine as a whole did, in microseconds of CPU: `busy`, and `stolen` by its host.
 *
 * @returns {{ busy: number, stolen: number } | undefined}
 */
export function cpuOfMachine() {
  if (process.platform !== 'linux') return undefined;
  const [, ...fields] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/);
  const [user, nice, system, , , irq, softirq, stolen] = fields.map(Number);
  return {
    busy: (user + nice + system + irq + softirq) * MICROSECONDS_PER_TICK,
    stolen: stolen * MICROSECONDS_PER_TICK,
  };
}
