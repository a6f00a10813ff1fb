// The floor with the ledger that comes to mind first: each event a statement and a commit of its own, seven a transfer.
import pg from 'pg';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { AMOUNT } from '../workload/sql.mjs';
import { expectOneRow, SEQ, throughTypeOrm } from '../workload/local-transaction.mjs';

const SQL = {
  begin: `insert into naive_transaction (xid, name, status, due_at)
    values ($1, 'transfer', 'trying', now() + interval '30 s')`,
  register: `insert into naive_branch (xid, seq, status, args) values ($1, $2, 'registered', $3)`,
  decide: `update naive_transaction set status = 'confirming', due_at = now() + interval '30 s'
    where xid = $1 and status = 'trying'`,
  confirmed: `update naive_branch set status = 'confirmed' where xid = $1 and seq = $2`,
  settle: `update naive_transaction set status = 'confirmed', due_at = null where xid = $1 and status = 'confirming'`,
};

/** @type {import('./modes.mjs').Start} */
export async function start({ urls, poolSize }) {
  const [north, south] = await Promise.all(
    [urls.north, urls.south].map((url) => new DataSource({ type: 'postgres', url, poolSize }).initialize()),
  );
  const ledger = new pg.Pool({ connectionString: urls.ledger, max: poolSize });
  const sides = { north, south };
  const write = async (name, ...values) => {
    expectOneRow((await ledger.query({ name, text: SQL[name], values })).rowCount, name);
  };
  const attempt = async (side, xid, id) => {
    await write('register', xid, SEQ[side], JSON.stringify([id, AMOUNT]));
    await throughTypeOrm(sides[side], side, 'try', xid, id);
  };
  const confirm = async (side, xid, id) => {
    await throughTypeOrm(sides[side], side, 'confirm', xid, id);
    await write('confirmed', xid, SEQ[side]);
  };
  return {
    async transfer({ from, to }) {
      const xid = uuidv7();
      await write('begin', xid);
      await attempt('north', xid, from);
      await attempt('south', xid, to);
      await write('decide', xid);
      await Promise.all([confirm('north', xid, from), confirm('south', xid, to)]);
      await write('settle', xid);
    },
    stop: () => Promise.all([north.destroy(), south.destroy(), ledger.end()]),
  };
}
