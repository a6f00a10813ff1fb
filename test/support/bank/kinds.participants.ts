import { Injectable } from '@nestjs/common';
import { Cancel, Confirm, GlobalTransaction, Message, Participant, Tcc, Try } from 'nestjs-tcc';
import { Wallet } from './wallet.entity.js';

/** The key of the transaction that `ThirdParty.follow` starts; the spec says how to get at it. */
export const followKey = { of: (): string => '' };

/** What was called, in order, across all participants of this spec. */
@Injectable()
export class Trace {
  calls: string[] = [];
  readonly gates = new Map<string, () => Promise<void>>();
  async at(call: string): Promise<void> {
    this.calls.push(call);
    await this.gates.get(call)?.();
  }
}

@Injectable()
@Participant('steps', { dataSource: 'north' })
export class Steps {
  constructor(
    private readonly trace: Trace,
    private readonly tcc: Tcc,
  ) {}

  @Try({ confirm: false })
  async book(name: string): Promise<void> {
    await this.trace.at(`book ${name}`);
    await this.tcc.branch.manager.update(Wallet, { owner: name }, { gone: 1 });
  }
  @Cancel('book')
  async unbook(name: string): Promise<void> {
    await this.trace.at(`unbook ${name}`);
    await this.tcc.branch.manager.update(Wallet, { owner: name }, { gone: 0 });
  }

  @Try()
  async ordered(name: string): Promise<string> {
    await this.trace.at(`try ${name}`);
    return name.toUpperCase();
  }
  @Confirm('ordered')
  async orderedConfirm(name: string, result: string): Promise<void> {
    await this.trace.at(`confirm ${name} ${result}`);
  }
  @Cancel('ordered')
  async orderedCancel(name: string): Promise<void> {
    await this.trace.at(`cancel ${name}`);
  }

  @Try()
  async outside(name: string): Promise<void> {
    await this.trace.at(`outside ${name}`);
    throw new Error('after an effect outside the database');
  }
  @Confirm('outside')
  outsideConfirm(): void {
    this.trace.calls.push('outside confirm');
  }
  @Cancel('outside', { evenIfNotTried: true })
  async outsideCancel(name: string): Promise<void> {
    await this.trace.at(`outside cancel ${name}`);
  }

  @Message()
  async told(name: string): Promise<void> {
    await this.trace.at(`told ${name}`);
  }
  @Message()
  noted(name: string): void {
    this.trace.calls.push(`noted ${name}`);
  }
}

@Injectable()
@Participant('quick', { dataSource: 'north', effects: 'database' })
export class Quick {
  constructor(private readonly tcc: Tcc) {}
  @Try()
  async take(owner: string): Promise<void> {
    await this.tcc.branch.manager.decrement(Wallet, { owner }, 'balance', 10);
    await this.tcc.branch.manager.increment(Wallet, { owner }, 'held', 10);
  }
  @Confirm('take')
  async use(owner: string): Promise<void> {
    await this.tcc.branch.manager.decrement(Wallet, { owner }, 'held', 10);
    await this.tcc.branch.manager.increment(Wallet, { owner }, 'gone', 10);
  }
  @Cancel('take')
  async giveBack(owner: string): Promise<void> {
    await this.tcc.branch.manager.decrement(Wallet, { owner }, 'held', 10);
    await this.tcc.branch.manager.increment(Wallet, { owner }, 'balance', 10);
  }
}

@Injectable()
@Participant('third-party', { dataSource: false })
export class ThirdParty {
  constructor(
    private readonly trace: Trace,
    private readonly tcc: Tcc,
    private readonly steps: Steps,
  ) {}
  @Try({ timeLimit: '300ms' })
  async charge(name: string): Promise<string> {
    this.tcc.branch.signal.addEventListener('abort', () => this.trace.calls.push(`aborted ${name}`));
    await this.trace.at(`charge ${name}`);
    return `receipt of ${name}`;
  }
  @Confirm('charge')
  async capture(name: string, receipt: string): Promise<void> {
    await this.trace.at(`capture ${name} ${receipt} ${this.tcc.branch.idempotencyKey.split(':')[1]}`);
  }
  @Cancel('charge')
  async refund(name: string): Promise<void> {
    await this.trace.at(`refund ${name}`);
  }
  @Message()
  async follow(name: string): Promise<void> {
    await this.follower(name);
  }
  @GlobalTransaction({ name: 'follow-up', key: (_name: string) => followKey.of() })
  async follower(name: string): Promise<void> {
    await this.steps.ordered(name);
  }
}
