// What somebody writes who needs no coordinator: two tries, two confirms, each a local transaction of four round trips
// with a barrier row of its own. Nothing remembers it: a crash in between leaves money held for ever.
import { randomUUID } from 'node:crypto';
import pg from 'pg';

const SQL = {
  try: 'update account set balance = balance - $2, held = held + $2 where id = $1',
  confirm: 'update account set held = held - $2 where id = $1',
};

async function local(pool, xid, phase, id) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query({ name: phase, text: SQL[phase], values: [id, 1] });
    await client.query({ name: 'barrier', text: 'insert into hand_barrier values ($1, $2)', values: [xid, phase] });
    await client.query('commit');
  } finally {
    client.release();
  }
}

/** @param {{ north: string, south: string }} urls */
export function handWritten(urls) {
  const pools = [urls.north, urls.south].map((connectionString) => new pg.Pool({ connectionString, max: 20 }));
  return {
    async transfer(id) {
      const xid = randomUUID();
      for (const pool of pools) await local(pool, xid, 'try', id);
      await Promise.all(pools.map((pool) => local(pool, xid, 'confirm', id)));
    },
    stop: () => Promise.all(pools.map((pool) => pool.end())),
  };
}
