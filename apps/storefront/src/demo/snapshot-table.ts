import type { Snapshot } from './snapshot.js';

/** A snapshot with what it is called. */
export type Labelled = readonly [label: string, snapshot: Snapshot];

/** A table as texts: the head, then the rows. */
export type TextTable = readonly (readonly string[])[];

const euros = (cents: number): string => (cents / 100).toFixed(2);

const counted = (statuses: readonly string[], nothing: string): string => {
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return (
    [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([status, count]) => `${count} ${status}`)
      .join(', ') || nothing
  );
};

function cells({ stock, accounts, orders, transactions }: Snapshot): Map<string, string> {
  const rows = new Map<string, string>();
  for (const sku of ['book', 'lamp', 'phone']) {
    const row = stock?.find((one) => one.sku === sku);
    rows.set(`inventory|${sku}`, row ? `${row.available} / ${row.reserved} / ${row.sold}` : 'away');
  }
  for (const customer of ['alice', 'bob']) {
    const row = accounts?.find((one) => one.customer === customer);
    const text = row ? `${euros(row.balance)} / ${euros(row.held)} / ${euros(row.captured)}` : 'away';
    rows.set(`payment|${customer}`, text);
  }
  rows.set(
    'shop|orders',
    counted(
      orders.map(({ status }) => status),
      'none',
    ),
  );
  rows.set(
    'shop|ledger',
    counted(
      transactions.map(({ status }) => status),
      'empty',
    ),
  );
  return rows;
}

/** What each database holds, one column per moment. */
export function snapshotTable(moments: readonly Labelled[]): TextTable {
  const columns = moments.map(([, snapshot]) => cells(snapshot));
  const keys = [...(columns[0]?.keys() ?? [])];
  return [
    ['database', 'what', ...moments.map(([label]) => label)],
    ...keys.map((key) => [...key.split('|'), ...columns.map((column) => column.get(key) ?? '')]),
  ];
}
