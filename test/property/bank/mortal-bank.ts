import type { FaultPoint } from 'nestjs-tcc';
import { type BankApp, type BankDatabases, startBank } from '../../support/bank/bank-app.js';
import { Gate } from '../../support/gate.js';
import { TcpProxy } from '../../support/processes/tcp-proxy.js';
import { NorthPurse, SouthPurse } from './purse.participants.js';

/** `dies`: nothing that it does from there on reaches a database. `stalls`: it stands still until it is woken up. */
export type Fate = 'dies' | 'stalls';

/** Where an instance meets its fate, and at which time that it comes there from now on. */
export interface Doom {
  readonly point: FaultPoint;
  readonly nth: number;
  readonly fate: Fate;
}

const SLOW_TO_EXPIRE = { timeout: '60s', lease: '60s' } as const;

/** An instance of the bank which can die as a process does: its connections are cut, and it never comes a step further. */
export class MortalBank {
  bank!: BankApp;
  dead = false;
  private stalled: Gate | undefined;
  private doom: (Doom & { left: number; readonly told: () => void }) | undefined;
  private halt!: () => void;
  /** Resolves when it dies or stalls. */
  halted!: Promise<void>;
  private buried = false;
  private readonly graves: ((error: Error) => void)[] = [];

  private constructor(private readonly proxies: readonly TcpProxy[]) {
    this.renew();
  }

  static async start(databases: BankDatabases): Promise<MortalBank> {
    const urls = [databases.ledger.url, databases.north.url, databases.south.url];
    const [ledger, north, south] = await Promise.all(urls.map((url) => TcpProxy.to(url)));
    const instance = new MortalBank([ledger!, north!, south!]);
    const behind = (name: 'ledger' | 'north' | 'south', { url }: TcpProxy): BankDatabases['ledger'] => ({
      ...databases[name],
      url,
    });
    instance.bank = await startBank(
      {
        ...databases,
        ledger: behind('ledger', ledger!),
        north: behind('north', north!),
        south: behind('south', south!),
      },
      {
        ...SLOW_TO_EXPIRE,
        recovery: false,
        ledgerTimeout: '2s',
        retry: { initial: '2ms', cap: '10ms' },
        drain: '10ms',
        faults: (point) => instance.reach(point),
      },
      [NorthPurse, SouthPurse],
    );
    return instance;
  }

  get active(): boolean {
    return !this.dead && this.stalled === undefined;
  }

  /** Whether it is to meet its fate. */
  get doomed(): boolean {
    return this.doom !== undefined;
  }

  expect(doom: Doom, told: () => void): void {
    this.doom = { ...doom, left: doom.nth, told };
  }

  die(): void {
    this.dead = true;
    // It has met its fate: a gate from now on would be one that nobody opens.
    this.doom = undefined;
    if (this.stalled) this.graves.push(this.stalled.open.bind(this.stalled));
    this.stalled = undefined;
    for (const proxy of this.proxies) proxy.refuse();
    this.halt();
  }

  wake(): void {
    const { stalled } = this;
    this.stalled = undefined;
    this.doom = undefined;
    this.renew();
    stalled?.open();
  }

  /** Frees what it holds in this process. */
  async bury(): Promise<void> {
    if (!this.dead) this.wake();
    this.buried = true;
    for (const fail of this.graves) fail(new Error('the instance is dead'));
    await this.bank.close().catch(() => undefined);
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }

  private renew(): void {
    this.halted = new Promise((resolve) => (this.halt = resolve));
  }

  private reach(point: FaultPoint): Promise<void> | undefined {
    const { doom } = this;
    if (doom?.point === point && --doom.left === 0) {
      this.doom = undefined;
      doom.told();
      if (doom.fate === 'dies') this.die();
      else {
        // One that stands still already has others behind its gate.
        this.stalled ??= new Gate();
        this.halt();
      }
    }
    if (this.stalled) return this.stalled.pass();
    if (!this.dead) return undefined;
    if (this.buried) return Promise.reject(new Error('the instance is dead'));
    return new Promise((_, reject) => this.graves.push(reject));
  }
}
