import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { TccHealth } from 'nestjs-tcc';
import type { DataSource } from 'typeorm';
import { STOCK_LEVELS, type StockLevels } from '../../../inventory/src/contract.js';
import { ACCOUNTS, type Accounts } from '../../../payment/src/contract.js';

/** Which parts work. */
export interface HealthReport {
  readonly status: 'ok' | 'unavailable';
  /** For programs, where something does not work. */
  readonly code?: 'UNHEALTHY';
  readonly ledger: boolean;
  readonly recovery: boolean;
  readonly databases: { readonly shop: boolean; readonly inventory: boolean; readonly payment: boolean };
}

/** A check that takes longer has failed: whoever asks does not wait for ever either. */
const PATIENCE_MS = 2_000;

/** Asks every part whether it works. */
@Injectable()
export class HealthService {
  constructor(
    private readonly tcc: TccHealth,
    @InjectDataSource() private readonly shop: DataSource,
    @Inject(STOCK_LEVELS) private readonly stock: StockLevels,
    @Inject(ACCOUNTS) private readonly accounts: Accounts,
  ) {}

  async report(): Promise<HealthReport> {
    const nothing = { ledger: false, recovery: false };
    const [tcc, shop, inventory, payment] = await Promise.all([
      inTime(this.tcc.check(), nothing),
      inTime(succeeds(this.shop.query('select 1')), false),
      inTime(succeeds(this.stock.ping()), false),
      inTime(succeeds(this.accounts.ping()), false),
    ]);
    const works = tcc.ledger && tcc.recovery && shop && inventory && payment;
    const status = works ? { status: 'ok' as const } : { status: 'unavailable' as const, code: 'UNHEALTHY' as const };
    return { ...status, ...tcc, databases: { shop, inventory, payment } };
  }
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

async function inTime<T>(work: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), PATIENCE_MS)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
