import type { Monotonic } from '../core/monotonic-clock.js';
import { TurnoverMap } from '../core/turnover-map.js';
import { beginUnit, decideUnit, registerUnit, settleUnit, weigh, type AnyFlushUnit } from './flush-unit.js';
import type { AnyPendingWrite, PendingWrite } from './pending-write.js';

/** Keeps a flush after an outage well within the time that a statement may take. */
const MOST_UNITS = 500;
const MOST_WEIGHT = 8 * 1024 * 1024;

/** The writes that wait for their answer: one line per transaction, of which only the first may be sent. */
export class WriteQueue {
  private readonly lines = new TurnoverMap<string, AnyPendingWrite[]>();

  /** How many transactions have writes that wait. */
  get size(): number {
    return this.lines.size;
  }

  get isEmpty(): boolean {
    return this.lines.size === 0;
  }

  /** Everything that has no answer yet. */
  all(): AnyPendingWrite[] {
    return [...this.lines.values()].flat().filter(({ answered }) => !answered);
  }

  add(write: AnyPendingWrite): void {
    const line = this.lines.get(write.write.xid);
    if (line === undefined) this.lines.set(write.write.xid, [write]);
    else line.push(write);
  }

  /** When the first of the writes that are not in flight may be sent; Infinity when there is none. */
  readyAt(): Monotonic {
    let earliest = Infinity;
    for (const [head] of this.lines.values()) {
      if (head === undefined || head.inFlight) continue;
      earliest = Math.min(earliest, Math.max(head.notBefore, head.lazy.until));
    }
    return earliest;
  }

  /** Whether one waits for its first sending. */
  hasNew(): boolean {
    for (const [head] of this.lines.values()) if (head?.sent === false) return true;
    return false;
  }

  /** What may be sent now, as much as fits into a flush; marked as in flight. */
  take(now: Monotonic): AnyFlushUnit[] {
    const units: AnyFlushUnit[] = [];
    let weight = 0;
    const ripe = this.isRipe(now);
    for (const line of this.lines.values()) {
      const [head] = line;
      if (!head?.mayGo(now, ripe)) continue;
      const unit = unitOf(head, line);
      weight += unit.weight;
      if (units.length > 0 && (units.length >= MOST_UNITS || weight > MOST_WEIGHT)) break;
      units.push(unit);
      for (const member of unit.members) member.inFlight = member.sent = true;
    }
    return units;
  }

  /** Takes back what was in flight: what is answered leaves, the rest waits for its next sending. */
  putBack(units: readonly AnyFlushUnit[]): void {
    for (const { write, members } of units) {
      for (const member of members) member.inFlight = false;
      this.clean(write.xid);
      // Behind the others: one transaction that fills flush after flush must not keep them waiting.
      const left = this.lines.get(write.xid);
      if (left === undefined) continue;
      this.lines.delete(write.xid);
      this.lines.set(write.xid, left);
    }
  }

  /** Rejects what has waited too long. */
  giveUp(now: Monotonic): void {
    for (const [xid, line] of this.lines) {
      for (const write of line) write.giveUpIfOver(now);
      if (line.some(({ answered }) => answered)) this.clean(xid);
    }
  }

  private isRipe(now: Monotonic): boolean {
    for (const [head] of this.lines.values()) if (head?.isRipe(now)) return true;
    return false;
  }

  private clean(xid: string): void {
    const line = this.lines.get(xid);
    if (line === undefined) return;
    let left = 0;
    for (const write of line) if (!write.answered) line[left++] = write;
    line.length = left;
    if (left === 0) this.lines.delete(xid);
  }
}

function unitOf(head: AnyPendingWrite, line: readonly AnyPendingWrite[]): AnyFlushUnit {
  switch (head.kind) {
    case 'begin':
      // One that was sent may be in the ledger, and then a second sending inserts nothing: what was folded into it
      // since would be reported as recorded and is not.
      return beginUnit(head, head.sent || head.alone ? [] : registersAfter(head, line));
    case 'register':
      return registerUnit([head, ...(head.alone ? [] : registersAfter(head, line))]);
    case 'decide':
      return decideUnit(head);
    case 'settle':
      return settleUnit(head);
  }
}

/** The registrations that follow the head of a line, as far as they fit into a flush with it. */
function registersAfter(
  head: PendingWrite<'begin'> | PendingWrite<'register'>,
  [, ...followers]: readonly AnyPendingWrite[],
): PendingWrite<'register'>[] {
  const registers: PendingWrite<'register'>[] = [];
  let weight = weigh(head.write.branches);
  for (const write of followers) {
    if (write.kind !== 'register' || write.alone) break;
    weight += weigh(write.write.branches);
    if (weight > MOST_WEIGHT) break;
    registers.push(write);
  }
  return registers;
}
