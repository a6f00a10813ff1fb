import { jest } from '@jest/globals';
import { blocksOf, writeModules, type WrittenModules } from './blocks.js';
import { createNamedDatabases, type NamedDatabases } from './databases.js';
import { eventually } from '../support/eventually.js';

describe('the example of the README', () => {
  let modules: WrittenModules;
  let databases: NamedDatabases;

  beforeAll(async () => {
    databases = await createNamedDatabases('stock', 'payment');
    modules = writeModules('README.md');
  });
  afterAll(async () => {
    modules?.remove();
    await databases?.drop();
  });

  it('prints what the README says that it prints', async () => {
    const printed: string[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
      printed.push(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' '));
    });
    await modules.load('shop.ts');
    const [said] = blocksOf('README.md', 'text');
    await eventually(() => expect(printed).toHaveLength(said!.text.split('\n').length));
    log.mockRestore();
    // console.log shows objects in its own notation
    const plain = (text: string): string => text.replaceAll(/["'\s]/g, '');
    expect(plain(printed.join('\n'))).toBe(plain(said!.text));
  });

  it('confirms one order and gives back what the refused one had reserved', async () => {
    // the write that settles a transaction is one that nobody waits for
    await eventually(async () =>
      expect(await databases.rows('payment', 'select status from tcc_transaction order by status')).toEqual([
        { status: 'cancelled' },
        { status: 'confirmed' },
      ]),
    );
    expect(await databases.rows('stock', 'select * from stock')).toEqual([{ sku: 'book', free: 8 }]);
    for (const [name, table] of [
      ['stock', 'stock_hold'],
      ['payment', 'account_hold'],
    ] as const) {
      expect(await databases.rows(name, `select * from ${table}`)).toEqual([]);
    }
    expect(await databases.rows('stock', 'select status from tcc_barrier order by status')).toEqual([
      { status: 'cancelled' },
      { status: 'confirmed' },
    ]);
  });
});
