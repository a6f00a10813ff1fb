import pg from 'pg';
import { startBank } from '../support/bank/bank-app.js';
import { useBank } from '../support/bank/use-bank.js';
import { Gate } from '../support/gate.js';

const taken = { balance: 90, held: 0, gone: 10 };

describe('a setting of the module', () => {
  const used = useBank();

  it.each([
    ['phaseTwoWait: a call returns then though a confirm has not', { phaseTwoWait: 100 }],
    ["phaseTwo: 'background': a call returns right after the decision", { phaseTwo: 'background' }],
  ] as const)('%s', async (_, setting) => {
    const { databases, owner } = used;
    const bank = await startBank(databases, { ...setting, service: `waits-${owner}` });
    const gate = new Gate();
    bank.hooks.inConfirm = gate.pass;
    const xid = await bank.transfers.take(owner, 10);
    expect(await bank.tcc.outcome(xid)).toMatchObject({ status: 'confirming' });
    await gate.reached;
    gate.open();
    await bank.close(); // waits for what is under way
    expect(await used.bank.wallets(owner)).toEqual({ north: taken, south: taken });
  });

  it('ledger.schema: its tables are there, and nowhere else', async () => {
    const { databases, owner } = used;
    const connection = { connectionString: databases.ledger.url };
    const bank = await startBank(databases, { ledger: { connection, schema: 'own_schema' }, service: 'in-schema' });
    const xid = await bank.transfers.take(owner, 10);
    await bank.close();
    const client = new pg.Client(databases.ledger.url);
    await client.connect();
    const count = async (schema: string): Promise<unknown> =>
      (await client.query(`select count(*)::int as n from ${schema}.tcc_transaction where xid = $1`, [xid])).rows[0];
    const found = [await count('own_schema'), await count('public')];
    await client.end();
    expect(found).toEqual([{ n: 1 }, { n: 0 }]);
  });
});
