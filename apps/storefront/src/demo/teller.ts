import Table from 'cli-table3';
import pc from 'picocolors';
import { snapshotTable, type Labelled, type TextTable } from './snapshot-table.js';

/** Tells the story on the terminal: colours and a frame where one shows them, plain text elsewhere. */
export class Teller {
  /** Whether a check has failed. */
  failed = false;
  private readonly colours = pc.createColors(process.stdout.isTTY && pc.isColorSupported);

  title(text: string): void {
    this.line(`\n${this.colours.bold(this.colours.cyan(text))}`);
  }

  say(text: string): void {
    this.line(text);
  }

  table(...moments: readonly Labelled[]): void {
    const table = snapshotTable(moments);
    this.line(process.stdout.isTTY ? this.framed(table) : plain(table));
  }

  /** @param wrong what was found to be wrong; empty: nothing */
  check(what: string, wrong: readonly string[]): void {
    if (wrong.length === 0) return this.line(`  ${this.colours.green('ok')}  ${what}`);
    this.failed = true;
    this.line(`  ${this.colours.red('NOT OK')}  ${what}`);
    for (const one of wrong) this.line(`      ${one}`);
  }

  private framed([head = [], ...rows]: TextTable): string {
    const table = new Table({ head: [...head], style: { head: ['dim'], border: ['dim'], compact: true } });
    for (const row of rows)
      table.push(row.map((cell, index) => (changed(row, index) ? this.colours.yellow(cell) : cell)));
    return table.toString();
  }

  private line(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}

/** The first two cells name what the others hold. */
const changed = (row: readonly string[], index: number): boolean => index > 2 && row[index] !== row[index - 1];

function plain(table: TextTable): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const aligned = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return table.map((row) => `  ${aligned(row)}`).join('\n');
}
