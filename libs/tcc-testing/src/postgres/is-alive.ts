import { readFileSync } from 'node:fs';

/**
 * Whether a process with that id is at work. One that ended and was not collected by its parent is not: in a container
 * without an init process such remains may stay for ever.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true; // a system without /proc
  }
}
