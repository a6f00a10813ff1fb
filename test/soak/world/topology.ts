import type { TccModuleOptions } from 'nestjs-tcc';

/** Three servers. A: both ledgers' bank and points; B: south, and the shop's ledger; C: north and the third party. */
export const SERVERS = ['a', 'b', 'c'] as const;
export type ServerName = (typeof SERVERS)[number];

/** Every database and where it is: no participant is alone with its ledger. */
export const DATABASES = {
  bank_ledger: 'a',
  points: 'a',
  south: 'b',
  shop_ledger: 'b',
  north: 'c',
  third: 'c',
} as const satisfies Record<string, ServerName>;
export type DatabaseName = keyof typeof DATABASES;

export const LEDGERS = { bank: 'bank_ledger', shop: 'shop_ledger' } as const satisfies Record<string, DatabaseName>;
export type ServiceName = keyof typeof LEDGERS;
export const SERVICES = Object.keys(LEDGERS) as readonly ServiceName[];

/** What is done to an instance. `steady`: no signal ever, so that its memory can be watched. */
export interface InstanceSpec {
  readonly name: string;
  readonly service: ServiceName;
  readonly steady: boolean;
  readonly clockShiftMs: number;
}

const TEN_MINUTES_MS = 600_000;

export const INSTANCES: readonly InstanceSpec[] = [
  { name: 'bank-steady', service: 'bank', steady: true, clockShiftMs: 0 },
  { name: 'bank-1', service: 'bank', steady: false, clockShiftMs: 0 },
  { name: 'bank-2', service: 'bank', steady: false, clockShiftMs: TEN_MINUTES_MS },
  { name: 'bank-3', service: 'bank', steady: false, clockShiftMs: -TEN_MINUTES_MS },
  { name: 'shop-1', service: 'shop', steady: false, clockShiftMs: 0 },
  { name: 'shop-2', service: 'shop', steady: false, clockShiftMs: -TEN_MINUTES_MS },
];

export const OWNERS: readonly string[] = Array.from({ length: 40 }, (_, index) => `owner-${index}`);
export const FUNDS = 1_000_000;

/** How long a charge at the third party may be under way. */
export const CHARGE_LIMIT_MS = 800;

/** Connections of an instance to each participant's database, and to its ledger. */
export const POOL = 6;
/** The pool's four, and the one that listens. */
export const LEDGER_CONNECTIONS = 5;

/** Short times, so that many lives and deaths fit into a minute. */
export const SETTINGS: Omit<TccModuleOptions, 'service' | 'ledger'> = {
  timeout: '4s',
  lease: '3s',
  ledgerTimeout: '2s',
  callTimeout: '5s',
  phaseTwoWait: '3s',
  drain: '3s',
  recovery: { poll: '300ms' },
  retry: { initial: '200ms', cap: '3s' },
};
