import { Injectable } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { Tcc, type Phase } from 'nestjs-tcc';

/** One run of one method of a participant. */
export interface Visit {
  readonly method: string;
  readonly phase: Phase;
  readonly xid: string;
  readonly args: readonly unknown[];
  readonly baggage: Readonly<Record<string, string>>;
  readonly traceId: string | undefined;
  /** In a try. */
  readonly signal: AbortSignal | undefined;
}

/** What a test makes the participants do besides their work, and what they were called with. */
@Injectable()
export class StockHooks {
  readonly visits: Visit[] = [];
  during: (visit: Visit) => unknown = () => undefined;

  constructor(private readonly tcc: Tcc) {}

  of(xid: string): Visit[] {
    return this.visits.filter((visit) => visit.xid === xid);
  }

  /** `method.phase` of every run. */
  namesOf(xid: string): string[] {
    return this.of(xid).map(({ method, phase }) => `${method}.${phase}`);
  }

  async visit(method: string, args: readonly unknown[]): Promise<void>;
  async visit<T>(method: string, args: readonly unknown[], result: T): Promise<T>;
  async visit<T>(method: string, args: readonly unknown[], result?: T): Promise<T | undefined> {
    const { branch, baggage } = this.tcc;
    const { phase, xid } = branch;
    const signal = phase === 'try' ? branch.signal : undefined;
    const traceId = trace.getActiveSpan()?.spanContext().traceId;
    const visit = { method, phase, xid, args, baggage, signal, traceId };
    this.visits.push(visit);
    await this.during(visit);
    return result;
  }
}
