import { randomUUID } from 'node:crypto';
import { defaultPayloadCodec } from 'nestjs-tcc';
import { uuidv7 } from 'uuidv7';
import { connected } from '../server/databases.mjs';
import { ACCOUNTS, AMOUNT, TRANSFER } from '../workload/sql.mjs';
import { SERVICE } from './app.mjs';

const BATCH = 500;
const SIDES = ['north', 'south'];

/**
 * Transfers whose process died right after the decision to confirm: both tries are done, held amounts and barrier rows
 * included. Their lease holds until `letLapse`.
 *
 * @param {import('nestjs-tcc').LedgerPort} ledger
 * @param {{ north: string, south: string }} urls undefined: nobody will drive them, so that the ledger is enough
 */
export async function decideAndDie(ledger, count, { urls, leaseMs = 3_600_000 } = {}) {
  const xids = [];
  for (let from = 0; from < count; from += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
      xid: uuidv7(),
      id: 1 + ((from + index) % ACCOUNTS),
    }));
    const batch = (change) => ({ begins: [], registers: [], decides: [], settles: [], ...change });
    await ledger.flush(
      batch({
        begins: some.map(({ xid, id }) => ({
          xid,
          service: SERVICE,
          name: 'transfer',
          order: 'together',
          baggage: {},
          deadline: performance.now() + 600_000,
          branches: SIDES.map((participant, index) => ({
            seq: index + 1,
            participant,
            method: 'hold',
            kind: 'tcc',
            args: defaultPayloadCodec.encode([id, AMOUNT]),
          })),
        })),
      }),
    );
    if (urls) for (const [index, side] of SIDES.entries()) await tried(urls[side], side, index + 1, some);
    const result = defaultPayloadCodec.encode(undefined);
    const outcomes = Object.fromEntries(
      SIDES.map((_, index) => [index + 1, { confirm: true, answered: true, result }]),
    );
    const owner = `dead:${randomUUID()}`;
    await ledger.flush(
      batch({ decides: some.map(({ xid }) => ({ xid, to: 'confirming', outcomes, owner, leaseMs })) }),
    );
    xids.push(...some.map(({ xid }) => xid));
  }
  return xids;
}

/** What the tries of one side leave behind. */
const tried = (url, side, seq, some) =>
  connected(url, async (client) => {
    await client.query('begin');
    for (const { id } of some) await client.query(TRANSFER[side].try, [id, AMOUNT]);
    await client.query(
      `insert into tcc_barrier (xid, seq, status) select xid, $2, 'tried' from unnest($1::uuid[]) as i (xid)`,
      [some.map(({ xid }) => xid), seq],
    );
    await client.query('commit');
  });

/** The leases of all that are open lapse at this moment. */
export const letLapse = (url) =>
  connected(url, (client) =>
    client.query(
      'update tcc_transaction set due_at = clock_timestamp(), lease_until = clock_timestamp() where settled_at is null',
    ),
  );
