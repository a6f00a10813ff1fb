import { firstValueFrom, fromEvent, merge, mergeMap, throwError, timer, type Observable } from 'rxjs';
import { ConfigurationError } from '../../errors/configuration.error.js';
import type { Carrier, CarrierAnswer } from '../carrier.js';
import { patternOf, type Parcel, type ParcelAnswer } from './pattern.js';

/** A Nest `ClientProxy`, as far as it is used: `@nestjs/microservices` is needed by those only who have one. */
export interface RequestReplyClient {
  send<Answer, Input>(pattern: unknown, data: Input): Observable<Answer>;
}

/**
 * Calls over a Nest `ClientProxy`. Connections are the client's own business, and so is closing them.
 *
 * @throws ConfigurationError when it cannot wait for an answer
 */
export class ClientProxyCarrier implements Carrier {
  private readonly pattern: string;

  constructor(
    private readonly client: RequestReplyClient,
    service: string,
    option: string,
  ) {
    const problem = whyNot(client);
    if (problem) throw new ConfigurationError(option, problem);
    this.pattern = patternOf(service);
  }

  async carry(
    parcel: Parcel,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
  ): Promise<CarrierAnswer> {
    const late = timer(Math.ceil(timeoutMs)).pipe(
      mergeMap(() => throwError(() => new Error(`no answer within ${Math.round(timeoutMs)} ms`))),
    );
    signal?.throwIfAborted();
    const left = signal
      ? [fromEvent(signal, 'abort').pipe(mergeMap(() => throwError(() => signal.reason as unknown)))]
      : [];
    const answer = await firstValueFrom(
      merge(this.client.send<ParcelAnswer | null, Parcel>(this.pattern, parcel), late, ...left),
    );
    const { text, signature }: { text?: unknown; signature?: unknown } = answer ?? {};
    return {
      text: typeof text === 'string' ? text : '',
      what: 'what it returned',
      ...(typeof signature === 'string' ? { signature } : {}),
    };
  }

  /**
   * Nest's TCP client has one connection and notices its end only when the system does, a quarter of an hour later where
   * packets get lost. Not so the clients of brokers, which lead to others too and look after their connections.
   */
  async renew(): Promise<void> {
    const { client } = this;
    if (!('socketClass' in client)) return;
    // it connects anew with the next call
    await (client as { close?: () => unknown }).close?.();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function whyNot(client: unknown): string | undefined {
  const has = (name: string): boolean =>
    typeof client === 'object' && client !== null && typeof (client as Record<string, unknown>)[name] === 'function';
  if (!has('send')) return 'it is no ClientProxy: it has no send()';
  // of gRPC, whose proxy throws at send(): it knows no patterns
  if (has('getService')) return 'it is a gRPC client, which knows no message patterns; use HTTP or another transport';
  // every ClientProxy of Nest asks and listens in publish(); one that can only emit has none
  if (!has('publish')) return 'it can emit and not ask: calls of participants need a transport with request and reply';
  return undefined;
}
