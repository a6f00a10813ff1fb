import { EventEmitter } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { describeError } from '../core/describe-error.js';
import type { Phase } from '../core/status.js';

/** A branch that needs to be looked at. */
export interface BranchEvent {
  readonly xid: string;
  readonly seq: number;
  /** `participant.method`. */
  readonly branch: string;
  readonly phase: Exclude<Phase, 'try'>;
  /** Failed attempts so far. */
  readonly attempts: number;
  /** Since the decision, in milliseconds. */
  readonly unsettledMs: number;
  /** What went wrong last. */
  readonly error: unknown;
}

/**
 * What `TccEvents` tells, by name.
 *
 * @publicApi
 */
export interface TccEventMap {
  /** A branch was parked: recovery leaves it alone until an operator looks at it. */
  parked: BranchEvent;
  /** A branch has failed for the eighth time or once more since, or has been unsettled for ten minutes. Recovery goes on. */
  alert: BranchEvent;
}

/**
 * Where to hear of branches that need attention. A listener that throws is logged and harms nothing.
 *
 * @publicApi
 */
@Injectable()
export class TccEvents {
  private readonly logger = new Logger(TccEvents.name);
  private readonly emitter = new EventEmitter();

  /** @returns stops listening */
  on<Name extends keyof TccEventMap>(name: Name, listener: (event: TccEventMap[Name]) => unknown): () => void {
    // a rejection that nobody handles would end the process
    const heard = async (event: TccEventMap[Name]): Promise<void> => void (await listener(event));
    const guarded = (event: TccEventMap[Name]): void => {
      heard(event).catch((error: unknown) =>
        this.logger.error(`A listener of '${name}' threw`, error instanceof Error ? error.stack : describeError(error)),
      );
    };
    this.emitter.on(name, guarded);
    return () => this.emitter.off(name, guarded);
  }

  /** Logs the event and tells the listeners. Called by the coordinator. */
  emit<Name extends keyof TccEventMap>(name: Name, event: TccEventMap[Name]): void {
    const what = `${event.phase} of ${event.branch} (${event.xid}:${event.seq})`;
    const why = describeError(event.error);
    if (name === 'parked') this.logger.error(`${what} is parked: ${why}`);
    else this.logger.warn(`${what} is unsettled after ${event.attempts} attempts and ${event.unsettledMs} ms: ${why}`);
    this.emitter.emit(name, event);
  }
}
