const EVERY_MS = 100;
const LONG_MS = 1_000;

/**
 * Says when the event loop did not turn for a second, and how much CPU this process had meanwhile: with much of it the
 * program was busy, with none it was not let run, and what it measured is worth nothing.
 *
 * @param {string} name of this process
 */
export function reportStandstills(name) {
  let last = performance.now();
  let cpu = process.cpuUsage();
  setInterval(() => {
    const gap = performance.now() - last;
    const { user, system } = process.cpuUsage(cpu);
    if (gap > LONG_MS)
      console.error(
        `${name} stood still for ${Math.round(gap)} ms, with ${Math.round((user + system) / 1_000)} ms of CPU`,
      );
    last = performance.now();
    cpu = process.cpuUsage();
  }, EVERY_MS).unref();
}
