import http from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { firstValueFrom, from, type Observable } from 'rxjs';
import type { ClientProxy } from '@nestjs/microservices';

/** A call as it travels, over any transport. */
export interface Parcel {
  readonly body: string;
  readonly signature?: string | undefined;
}

/** An answer as it travels. Status and headers are HTTP's. */
export interface Answer {
  readonly text: string;
  readonly signature?: string | undefined;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is in the body of a call, as far as tests look at it. */
export interface CallFields {
  readonly xid: string;
  readonly seq: number;
  readonly method: string;
  readonly participant: string;
  readonly phase: 'try' | 'confirm' | 'cancel';
}

/** A call on its way. */
export interface Delivery {
  readonly parcel: Parcel;
  readonly call: CallFields;
  /** Takes it (or another one) to the other side. */
  readonly deliver: (parcel?: Parcel) => Promise<Answer>;
  /** The same when the caller may be gone: the other side hears nothing of that. */
  readonly deliverLate: () => Promise<Answer>;
}

/** The connection is cut instead of an answer. */
export const CUT: unique symbol = Symbol('cut');

/** What comes back to the caller. */
export type Meddled = Promise<Answer | typeof CUT> | Answer | typeof CUT;

/** Stands between both sides and does with calls and answers what a test says. */
export class Middle {
  meddle: (delivery: Delivery) => Meddled = ({ deliver }) => deliver();
  readonly calls: CallFields[] = [];
  readonly answers: Answer[] = [];

  /** How often a phase of a transaction was sent. */
  count(xid: string, phase: CallFields['phase']): number {
    return this.calls.filter((call) => call.xid === xid && call.phase === phase).length;
  }

  async handle(
    parcel: Parcel,
    deliver: (parcel: Parcel, late?: true) => Promise<Answer>,
  ): Promise<Answer | typeof CUT> {
    const call = JSON.parse(parcel.body) as CallFields;
    this.calls.push(call);
    const answer = await this.meddle({
      parcel,
      call,
      deliver: (other = parcel) => deliver(other),
      deliverLate: () => deliver(parcel, true),
    });
    if (answer !== CUT) this.answers.push(answer);
    return answer;
  }
}

/** A `ClientProxy` with the middle before it. `publish` is what tells one that can wait for answers. */
export function meddlingClient(real: ClientProxy, middle: Middle): object {
  const ask = async (pattern: unknown, parcel: Parcel): Promise<Answer> => {
    const answer = await middle.handle(parcel, (sent) => firstValueFrom(real.send<Answer, Parcel>(pattern, sent)));
    if (answer === CUT) throw new Error('connection lost');
    return answer;
  };
  return {
    send: (pattern: unknown, parcel: Parcel): Observable<Answer> => from(ask(pattern, parcel)),
    publish: () => undefined,
    onApplicationShutdown: (): unknown => real.close(),
  };
}

/** On a connection of its own: one that is kept, and was never used, keeps a server from closing. */
const post = (
  url: URL,
  body: string,
  { headers, signal }: { headers: Record<string, string>; signal: AbortSignal | undefined },
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { method: 'POST', agent: false, headers: { ...headers, connection: 'keep-alive' } } as const;
    const request = http.request(url, { ...options, ...(signal && { signal }) }, (response) => {
      const given = (name: string): string | undefined => response.headers[name] as string | undefined;
      readText(response).then(
        (answer) =>
          resolve({
            text: answer,
            status: response.statusCode!,
            signature: given('tcc-signature'),
            headers: {
              'content-type': given('content-type') ?? 'text/plain',
              connection: given('connection') ?? 'keep-alive',
            },
          }),
        reject,
      );
    });
    request.once('error', reject).end(body);
  });

/** An HTTP proxy with the middle in it. */
export async function httpMiddle(target: string, middle: Middle): Promise<{ url: string; close: () => Promise<void> }> {
  const server = http.createServer((request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const forward = async (parcel: Parcel, late?: true): Promise<Answer> => {
      const { signature, body } = parcel;
      return post(new URL(request.url!, target), body, {
        signal: late ? undefined : gone.signal,
        headers: {
          'content-type': request.headers['content-type']!,
          ...(signature === undefined ? {} : { 'tcc-signature': signature }),
        },
      });
    };
    const relay = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const signature = request.headers['tcc-signature'] as string | undefined;
      const answer = await middle.handle({ body: Buffer.concat(chunks).toString(), signature }, forward);
      if (answer === CUT) {
        request.socket.resetAndDestroy();
        return;
      }
      const { status = 200, headers = { 'content-type': 'text/plain' } } = answer;
      const signed = answer.signature === undefined ? {} : { 'tcc-signature': answer.signature };
      response.writeHead(status, { ...headers, ...signed }).end(answer.text);
    };
    relay().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
