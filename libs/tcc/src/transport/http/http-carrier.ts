import { Agent, request } from 'undici';
import type { RemoteTls } from '../../participant/remote/remote.options.js';
import type { Carrier, CarrierAnswer } from '../carrier.js';
import { ROUTE, SIGNATURE_HEADER, CONTENT_TYPE } from './http-format.js';

export interface HttpCarrierOptions {
  /** Base URL, a path prefix of the other application included. */
  readonly url: string;
  /** The longest that making a connection may take, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly tls: RemoteTls;
  /** More of an answer than this is not read, in bytes. */
  readonly maxAnswerBytes: number;
}

/**
 * How long a connection is kept without a call, though the server may offer longer. A server that closes waits for one
 * that was made for a call which was given up before it was sent: to Node it is no idle one.
 */
const IDLE_MS = 4_000;

/** Calls over HTTP, on connections that are kept. */
export class HttpCarrier implements Carrier {
  private readonly agent: Agent;
  private readonly url: URL;

  constructor(private readonly options: HttpCarrierOptions) {
    const base = options.url.endsWith('/') ? options.url : `${options.url}/`;
    this.url = new URL(ROUTE, base);
    this.agent = new Agent({
      connect: { ...options.tls, timeout: options.connectTimeoutMs },
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // the time for the answer is given with each call
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: options.maxAnswerBytes,
    });
  }

  async carry(
    { body, signature }: { body: string; signature: string | undefined },
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
  ): Promise<CarrierAnswer> {
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new Error(`no answer within ${Math.round(timeoutMs)} ms`)),
      Math.ceil(timeoutMs),
    );
    const leave = (): void => limit.abort(signal?.reason);
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave, { once: true });
    try {
      const answer = await request(this.url, {
        method: 'POST',
        dispatcher: this.agent,
        signal: limit.signal,
        body,
        headers: {
          'content-type': CONTENT_TYPE,
          accept: CONTENT_TYPE,
          ...(signature === undefined ? {} : { [SIGNATURE_HEADER]: signature }),
        },
      });
      const text = await answer.body.text();
      const retryAfterMs = retryAfterOf(answer.headers['retry-after']);
      const given = answer.headers[SIGNATURE_HEADER];
      return {
        text,
        what: `HTTP ${answer.statusCode} (${String(answer.headers['content-type'] ?? 'no content type')})`,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        ...(typeof given === 'string' ? { signature: given } : {}),
      };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); undefined for anything else. */
function retryAfterOf(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
