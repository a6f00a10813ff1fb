import type { TcpProxy } from '../../support/processes/tcp-proxy.js';
import type { Fault } from './plan.js';

export type WireFault = Extract<
  Fault,
  { kind: 'commit' | 'stall' | 'refuse' | 'delay' | 'late' | 'torn' | 'forget' | 'doubt' }
>;

/** Where a fault of a wire is carried out. */
export interface WireTarget {
  readonly wire: TcpProxy;
  /** Whether faults that wait for their moment may still strike. */
  readonly isOpen: () => boolean;
  readonly note: (what: string, forMs: number | undefined) => void;
  readonly later: (ms: number, act: () => void) => void;
}

/** Does something to the wire between an instance and a server. */
export function strikeWire(fault: WireFault, { wire, isOpen, note, later }: WireTarget): void {
  switch (fault.kind) {
    case 'commit': {
      let left = fault.count;
      wire.atCommit = () => {
        if (left === 0 || !isOpen()) return 'pass';
        left--;
        note(`commit ${fault.verdict}`, undefined);
        return fault.verdict;
      };
      return;
    }
    case 'doubt': {
      let struck = false;
      wire.atCommit = (statements) => {
        if (struck || !isOpen() || !statements.some((each) => /^tcc-decide-\d/.test(each))) return 'pass';
        struck = true;
        note(`doubt ${fault.verdict}`, fault.forMs);
        wire.refuseNew();
        later(fault.forMs, () => wire.heal());
        return fault.verdict;
      };
      return;
    }
    case 'forget':
      note(fault.kind, undefined);
      wire.forget(...fault.ways);
      return;
    case 'torn': {
      let torn = false;
      note(fault.kind, undefined);
      wire.tear = () => !torn && (torn = true);
      return;
    }
    case 'stall':
    case 'refuse':
      note(fault.kind, fault.forMs);
      wire[fault.kind]();
      later(fault.forMs, () => wire.heal());
      return;
    case 'delay':
      note(fault.kind, fault.forMs);
      wire.delayMs = fault.delayMs;
      later(fault.forMs, () => (wire.delayMs = 0));
      return;
    case 'late':
      note(fault.kind, fault.forMs);
      // some and not all of them: a cancel is to overtake its try
      wire.requestDelayMs = () => (Math.random() < 0.5 ? fault.delayMs : 0);
      later(fault.forMs, () => (wire.requestDelayMs = 0));
  }
}
