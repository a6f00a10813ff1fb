import {
  BarrierBusyError,
  type BarrierCall,
  type BarrierPort,
  BarrierRefusedError,
  type BarrierResult,
  LateTryError,
  type LocalTransaction,
  RepeatedTryError,
  ruleOn,
  TransactionTimedOutError,
} from 'nestjs-tcc';
import type { ModelProcess } from '../engine/model-process.js';
import type { Delivery, DeliveryEnd } from './delivery.js';
import type { ParticipantDatabase } from './participant-database.js';

/** The barrier's rules where a mutant may change them. */
export interface BarrierRules {
  readonly rule: typeof ruleOn;
  /** Whether COMMIT waits for what the call says. */
  readonly awaitsRegistration: boolean;
}

/** Told of each delivery when it is asked for, and when it has an answer. */
export interface BarrierWatch {
  asked(process: ModelProcess, call: BarrierCall): void;
  ended(end: DeliveryEnd): void;
}

/** The barrier as one process uses it: the steps of the one for TypeORM, with the real rulings, on the model's database. */
export class VirtualBarrier implements BarrierPort {
  constructor(
    private readonly process: ModelProcess,
    private readonly database: ParticipantDatabase,
    private readonly rules: BarrierRules,
    private readonly watch: BarrierWatch,
    private readonly time: { readonly now: number },
  ) {}

  open(): Promise<void> {
    return Promise.resolve();
  }

  async run<T>(call: BarrierCall, business: (local: LocalTransaction) => Promise<T>): Promise<BarrierResult<T>> {
    this.watch.asked(this.process, call);
    if (call.phase === 'try' && call.deadline !== undefined && call.deadline <= this.time.now)
      throw new TransactionTimedOutError(`calling ${call.branch}`, call.xid);
    const { delivery, found } = await this.database.begin(this.process, call);
    const moved = delivery.moved?.to;
    const ruling = this.rules.rule(
      call.phase,
      call.kind,
      moved === undefined ? { found } : { moved },
      call.evenIfNotTried,
    );
    const end = (answer: string): void => this.watch.ended({ delivery, found, answer });
    switch (ruling) {
      case 'run': {
        const value = await this.runBusiness(call, delivery, business);
        end('ran');
        return { ran: true, value };
      }
      case 'empty':
        await this.database.commit(delivery);
        end(ruling);
        return { ran: false, why: ruling };
      case 'already':
        this.database.end(delivery);
        end(ruling);
        return { ran: false, why: ruling };
      case 'late-try':
      case 'repeated-try':
      case 'refuse':
      case 'busy': {
        this.database.end(delivery);
        const error = refusal(ruling, call, found);
        end(error.code);
        throw error;
      }
    }
  }

  private async runBusiness<T>(
    call: BarrierCall,
    delivery: Delivery,
    business: (local: LocalTransaction) => Promise<T>,
  ): Promise<T> {
    let value: T;
    try {
      value = await business({
        dataSource: this.database,
        manager: delivery,
        createQueryRunner: () => {
          throw new Error('the model has no runner');
        },
      });
      if (this.rules.awaitsRegistration) await call.beforeCommit?.();
    } catch (error) {
      this.database.end(delivery);
      throw error;
    }
    await this.database.commit(delivery);
    return value;
  }
}

function refusal(
  ruling: 'late-try' | 'repeated-try' | 'refuse' | 'busy',
  { branch, xid, seq, phase }: BarrierCall,
  found: string | undefined,
): LateTryError | RepeatedTryError | BarrierRefusedError | BarrierBusyError {
  if (ruling === 'late-try') return new LateTryError(branch, xid, seq);
  if (ruling === 'repeated-try') return new RepeatedTryError(branch, xid, seq);
  if (ruling === 'refuse' && phase !== 'try') return new BarrierRefusedError(branch, xid, seq, phase, found);
  return new BarrierBusyError(branch, xid, undefined);
}
