import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { SignedReceiver, type Reply } from '../signed-receiver.js';
import { CONTENT_TYPE, ROUTE, SIGNATURE_HEADER } from './http-format.js';

/** What both platforms have, as far as it is used. */
interface PlatformRequest {
  readonly raw?: IncomingMessage;
  readonly body?: unknown;
  readonly headers: IncomingMessage['headers'];
}
interface PlatformResponse {
  readonly raw?: ServerResponse;
}
interface Fastify {
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: Readable, done: (error: Error | null, body: Readable) => void) => void,
  ): void;
}

/**
 * The one route for all participants, straight at the adapter: guards, pipes, interceptors and filters that the
 * application has for its own requests would turn calls away or answer in a form of their own.
 */
@Injectable()
export class HttpRoute implements OnModuleDestroy {
  private closing = false;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly receiver: SignedReceiver,
  ) {}

  /** Before the application's own routes, of which one may match everything. Below its global prefix. */
  register(): void {
    const adapter = this.host.httpAdapter;
    // a microservice or an application context has none that listens
    if (!this.receiver.isOpen || typeof adapter?.post !== 'function') return;
    const platform = adapter.getType();
    if (platform !== 'express' && platform !== 'fastify') return;
    if (platform === 'fastify') {
      const fastify: Fastify = adapter.getInstance();
      // unread, as with Express: neither the application's limit applies, nor is anything larger than ours ever held
      fastify.addContentTypeParser(CONTENT_TYPE, (_request, payload, done) => done(null, payload));
    }
    const prefix = this.config.getGlobalPrefix().replaceAll(/^\/+|\/+$/g, '');
    adapter.post(`/${prefix ? `${prefix}/` : ''}${ROUTE}`, (request: PlatformRequest, response: PlatformResponse) => {
      // the caller may be gone by then: there is nobody to tell
      this.answer(request, response).catch(() => undefined);
    });
  }

  /** A server that closes waits for connections that fall idle meanwhile: Fastify's for 72 s, unless they are told to end. */
  onModuleDestroy(): void {
    this.closing = true;
  }

  private async answer(request: PlatformRequest, response: PlatformResponse): Promise<void> {
    const incoming = request.raw ?? (request as unknown as IncomingMessage);
    const outgoing = response.raw ?? (response as unknown as ServerResponse);
    const gone = new AbortController();
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) gone.abort(new Error('the caller of this phase has hung up'));
    });
    const body = await bodyOf(request, incoming, this.receiver.maxBodyBytes);
    const given = request.headers[SIGNATURE_HEADER];
    const signature = typeof given === 'string' ? given : undefined;
    const reply =
      body.is === 'text'
        ? await this.receiver.handle(body.text, signature, gone.signal)
        : this.receiver.refuse({ answer: body.is });
    this.send(response, reply);
  }

  private send(response: PlatformResponse, { status, text, signature, retryAfterMs }: Reply): void {
    const adapter = this.host.httpAdapter;
    adapter.setHeader(response, 'content-type', CONTENT_TYPE);
    adapter.setHeader(response, 'cache-control', 'no-store');
    if (signature !== undefined) adapter.setHeader(response, SIGNATURE_HEADER, signature);
    if (retryAfterMs !== undefined) adapter.setHeader(response, 'retry-after', String(Math.ceil(retryAfterMs / 1_000)));
    if (this.closing) adapter.setHeader(response, 'connection', 'close');
    adapter.reply(response, text, status);
  }
}

type Body = { readonly is: 'text'; readonly text: string } | { readonly is: 'malformed' | 'too large' };

/** @returns the bytes as they were signed */
async function bodyOf(request: PlatformRequest, incoming: IncomingMessage, maxBytes: number): Promise<Body> {
  const { body } = request;
  // read by a parser of the application that takes every type, for text or as bytes
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    if (Buffer.byteLength(body) > maxBytes) return { is: 'too large' };
    return { is: 'text', text: body.toString('utf8') };
  }
  const source = body instanceof Readable ? body : incoming;
  if (source.readableEnded) return { is: 'malformed' };
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // read to the end all the same, so that the answer arrives
      if (bytes <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
    }
  } catch {
    return { is: 'malformed' };
  }
  return bytes > maxBytes ? { is: 'too large' } : { is: 'text', text: Buffer.concat(chunks).toString('utf8') };
}
