import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import pc from 'picocolors';
import type { ShopPart } from '../../shared/src/process/shop-parts.js';

const COLOURS = { inventory: 'cyan', payment: 'magenta', shop: 'green' } as const;
const WIDTH = 9;

/** Writes what a process says, line by line, with its name before it. */
export function relay(part: ShopPart, from: Readable, to: NodeJS.WriteStream, onLine: (line: string) => void): void {
  const colours = pc.createColors(to.isTTY && pc.isColorSupported);
  const prefix = colours[COLOURS[part]](part.padEnd(WIDTH));
  createInterface({ input: from }).on('line', (line) => {
    to.write(`${prefix} | ${line}\n`);
    onLine(line);
  });
}
