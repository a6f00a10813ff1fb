import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { SigningKey } from 'nestjs-tcc';
import { firstValueFrom, timeout } from 'rxjs';
import { sign } from '../../../libs/tcc/src/core/wire/signature.js';
import { writeCall, type PhaseCall } from '../../../libs/tcc/src/core/wire/phase-call.js';
import { patternOf } from '../../../libs/tcc/src/transport/microservice/pattern.js';
import { KEYS } from './pair.js';

/** What came back. A transport other than HTTP has no status. */
export interface RawAnswer {
  readonly status: number | undefined;
  readonly text: string;
}

/** What somebody sends who knows the address and perhaps a secret, and is not the framework. */
export interface RawCaller {
  send(parcel: {
    readonly body: string | Buffer;
    readonly signature?: string | undefined;
    readonly headers?: Readonly<Record<string, string>>;
  }): Promise<RawAnswer>;
  close(): Promise<void> | void;
}

export function httpCaller(port: number, path = '/api/tcc/participants'): RawCaller {
  return {
    send: ({ body, signature, headers }) =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            port,
            path,
            host: '127.0.0.1',
            method: 'POST',
            headers: {
              'content-type': 'application/vnd.nestjs-tcc',
              'content-length': Buffer.byteLength(body),
              ...(signature === undefined ? {} : { 'tcc-signature': signature }),
              ...headers,
            },
          },
          (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
            answer.on('end', () => resolve({ status: answer.statusCode, text }));
          },
        );
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => undefined,
  };
}

export function tcpCaller(port: number, service: string): RawCaller {
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
  return {
    send: async ({ body, signature }) => {
      const parcel = { body: typeof body === 'string' ? body : body.toString('latin1'), signature };
      const answer = await firstValueFrom(
        client.send<{ text: string }>(patternOf(service), parcel).pipe(timeout(5_000)),
      );
      return { status: undefined, text: answer.text };
    },
    close: () => client.close() as Promise<void> | void,
  };
}

/** A call that would be right, but for what a test changes. */
export const aCall = (service: string, change: Partial<PhaseCall> = {}): PhaseCall => ({
  audience: service,
  xid: randomUUID(),
  seq: 1,
  participant: 'stock',
  method: 'keep',
  phase: 'try',
  kind: 'tcc',
  args: '["this"]',
  remainingMs: 30_000,
  patienceMs: 30_000,
  answered: false,
  baggage: {},
  trace: {},
  ...change,
});

/** Signed as the framework does it. */
export function signedCall(
  call: PhaseCall,
  {
    key = KEYS[0]!,
    at = Date.now(),
    audience = call.audience,
  }: { key?: SigningKey; at?: number; audience?: string } = {},
): { body: string; signature: string } {
  const body = writeCall(call);
  return { body, signature: sign(key, { audience, body }, at) };
}
