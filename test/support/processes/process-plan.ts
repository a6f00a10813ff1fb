import type { TccModuleOptions } from 'nestjs-tcc';
import type { ScenarioName } from './scenarios.js';
import type { Step } from './wave-plan.js';

/** What the business code of a phase does besides its work: never ends, or throws so many times. */
export type Behaviour = 'hang' | { readonly failures: number };

/** What a child process is started with; must survive JSON. */
export interface ProcessPlan {
  /** URLs. */
  readonly databases: { readonly ledger: string; readonly north: string; readonly south: string };
  readonly options?: Partial<Omit<TccModuleOptions, 'faults' | 'codec' | 'barrier'>>;
  /** As `TCC_FAULTS`; what is paused goes on with {@link ChildApp.resume}. */
  readonly faults?: string;
  readonly behaviour?: { readonly try?: Behaviour; readonly confirm?: Behaviour; readonly cancel?: Behaviour };
  /** How far its wall clock is ahead of the machine's, or behind (negative). */
  readonly clockAheadMs?: number;
}

/** What a child process with couriers is started with, see courier-process.main.ts. */
export interface CourierPlan {
  /** URL; has the tables of {@link DELIVERY_TABLES}. */
  readonly ledger: string;
  readonly couriers: readonly string[];
  readonly options?: Partial<Omit<TccModuleOptions, 'faults' | 'codec' | 'barrier'>>;
}

/** Where couriers in other processes write what they do. The first one's key fails the second of two calls at a time. */
export const DELIVERY_TABLES = `
create table delivering (parcel text primary key);
create table delivered (parcel text not null, phase text not null, pid int not null)`;

/** What a parent asks of a child. */
export type Command =
  | { readonly do: 'run'; readonly id: number; readonly scenario: ScenarioName; readonly owner: string }
  | { readonly do: 'resume' }
  /** Its wall clock jumps. */
  | { readonly do: 'set clock'; readonly aheadMs: number }
  /** Closes the application; the process is expected to end by itself then. */
  | { readonly do: 'close' };

/** What a parent asks of a wave: `go` runs its initiators, `resume` lets what was caught go on. */
export interface WaveCommand {
  readonly do: 'go' | 'resume' | 'close';
}

/** How an initiator ended, as its caller was told. */
export type Told =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly name: string;
      readonly code: string | undefined;
      readonly message: string;
      readonly xid: string | undefined;
    };

/** What a child says, a line of JSON each on its stdout, written before it goes on. */
export type Report =
  | { readonly said: 'ready' }
  | { readonly said: 'told'; readonly id: number; readonly told: Told }
  /** Business code of a phase was entered. */
  | { readonly said: 'entered'; readonly phase: 'try' | 'confirm' | 'cancel' }
  /** A transaction of a wave has come to where it is caught. */
  | { readonly said: 'frozen'; readonly owner: string }
  | { readonly said: 'row told'; readonly owner: string; readonly told: Told }
  | { readonly said: 'steps'; readonly owner: string; readonly steps: readonly Step[] }
  | { readonly said: 'reached'; readonly point: string; readonly xids: readonly string[] }
  /** SIGTERM has arrived and its shutdown has begun. */
  | { readonly said: 'terminating' }
  | { readonly said: 'closed' };
