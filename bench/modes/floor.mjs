// What somebody writes who needs no coordinator, with TypeORM. Nothing remembers it: a crash in between leaves money held
// for ever.
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { byHand } from '../workload/by-hand.mjs';
import { throughTypeOrm } from '../workload/local-transaction.mjs';

/** @type {import('./modes.mjs').Start} */
export async function start({ urls, poolSize }, { triesTogether }) {
  const [north, south] = await Promise.all(
    [urls.north, urls.south].map((url) => new DataSource({ type: 'postgres', url, poolSize }).initialize()),
  );
  const sides = { north, south };
  const local = (side, phase, xid, id) => throughTypeOrm(sides[side], side, phase, xid, id);
  return {
    transfer: (accounts) => byHand(local, uuidv7(), accounts, { triesTogether }),
    stop: () => Promise.all([north.destroy(), south.destroy()]),
  };
}
