import type { BranchKind, Phase } from 'nestjs-tcc';
import { sorted } from './sorted.js';

/** What business code does to a wallet in one phase of one branch. */
export interface Effect {
  readonly wallet: string;
  readonly phase: Phase;
  readonly key: string;
  readonly amount: number;
  /** A message holds nothing beforehand. */
  readonly kind: BranchKind;
}

const START = 100;

/** Money of one participant: free, held for a branch, or gone. Takes what it is told, so that a mistake shows. */
export class Wallet {
  balance = START;
  gone = 0;
  readonly held = new Map<string, number>();
  /** How often each phase of each branch took effect. */
  readonly effects = new Map<string, number>();

  apply({ phase, key, amount, kind }: Effect): void {
    const name = `${phase} ${key}`;
    this.effects.set(name, (this.effects.get(name) ?? 0) + 1);
    switch (phase) {
      case 'try':
        this.balance -= amount;
        this.held.set(key, (this.held.get(key) ?? 0) + amount);
        return;
      case 'confirm':
        if (kind === 'message') this.balance -= amount;
        this.held.delete(key);
        this.gone += amount;
        return;
      case 'cancel':
        this.held.delete(key);
        this.balance += amount;
    }
  }

  get total(): number {
    return this.balance + this.gone + [...this.held.values()].reduce((sum, amount) => sum + amount, 0);
  }

  get isConserved(): boolean {
    return this.total === START;
  }

  digest(): string {
    return JSON.stringify([this.balance, this.gone, sorted(this.held), sorted(this.effects)]);
  }
}

/** The wallets of all participants, by participant. */
export class Wallets {
  private readonly wallets = new Map<string, Wallet>();

  of(name: string): Wallet {
    let wallet = this.wallets.get(name);
    if (wallet === undefined) this.wallets.set(name, (wallet = new Wallet()));
    return wallet;
  }

  all(): readonly (readonly [string, Wallet])[] {
    return [...this.wallets].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  digest(): string {
    return this.all()
      .map(([name, wallet]) => name + wallet.digest())
      .join();
  }
}
