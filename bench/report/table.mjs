import Table from 'cli-table3';
import { COLUMNS } from './columns.mjs';

/** The summary as a table for a terminal. */
export function terminalTable(summary) {
  const table = new Table({
    head: COLUMNS.map(({ head }) => head),
    colAligns: COLUMNS.map(({ text }) => (text ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  table.push(...summary.map((row) => COLUMNS.map(({ of }) => of(row))));
  return table.toString();
}

/** The same for Markdown. */
export function markdownTable(columns, summary) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ head }) => head.replaceAll('\n', ' '))),
    line(columns.map(({ text }) => (text ? '---' : '---:'))),
    ...summary.map((row) => line(columns.map(({ of }) => of(row)))),
  ].join('\n');
}
