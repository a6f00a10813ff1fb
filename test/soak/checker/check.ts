import type { Event } from '../history.js';
import type { Findings } from './state.js';

/** Something that must never be. */
export interface Breach {
  readonly what: string;
  /** What it is about, as far as that is known. */
  readonly orderId?: string | undefined;
  readonly xid?: string | undefined;
}

/** What one check looked at, and what it found. */
export interface Verdict {
  readonly name: string;
  /** How many things were looked at. A check that looked at nothing has shown nothing. */
  readonly checked: number;
  readonly breaches: readonly Breach[];
}

/** What there is to check. */
export interface Run {
  readonly events: readonly Event[];
  readonly found: Findings;
}

/** Collects what a check finds. */
export class Check {
  private checked = 0;
  private readonly breaches: Breach[] = [];

  constructor(private readonly name: string) {}

  /** @param breach what is wrong unless it holds */
  that(holds: boolean, breach: () => Breach): void {
    this.checked++;
    if (!holds) this.breaches.push(breach());
  }

  verdict(): Verdict {
    return { name: this.name, checked: this.checked, breaches: this.breaches };
  }
}
