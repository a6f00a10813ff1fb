import type { FaultPoint, TccModuleOptions } from 'nestjs-tcc';
import type { ScenarioName } from './scenarios.js';

/** One occurrence of one step. */
export interface Step {
  readonly point: FaultPoint;
  readonly branch?: string;
  readonly nth: number;
}

/** Where a transaction is caught. `decided`: at the first step of phase two, whichever branch comes to it. */
export type Halt = Step | 'decided';

/** A transaction in a wave; its owner is nobody else's. */
export interface WaveRow {
  readonly owner: string;
  readonly scenario: ScenarioName;
  /** Undefined: nowhere; its steps are told at the end. */
  readonly at?: Halt;
  /** It exists already and is to be recovered; else the process is its initiator. */
  readonly xid?: string;
}

/** An application in a process of a wave. */
export interface WaveApp {
  readonly service: string;
  readonly rows: readonly WaveRow[];
  readonly options: Partial<Omit<TccModuleOptions, 'faults' | 'codec' | 'barrier'>>;
}

/** What a process of a wave is started with: many applications, which die together. */
export interface WavePlan {
  /** URLs. */
  readonly databases: { readonly ledger: string; readonly north: string; readonly south: string };
  readonly apps: readonly WaveApp[];
}

/** Steps that hold up nothing but their own transaction: rows with such a step can share an application. */
export const isOfOneTransaction = (point: FaultPoint): boolean =>
  /^(barrier|call|initiator)\./.test(point) || point.startsWith('ledger.hand-back.');
