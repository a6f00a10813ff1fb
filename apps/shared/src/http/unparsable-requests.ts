import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** What Node's parser refuses never reaches Nest and its filters; Node alone would answer without a body. */
@Injectable()
export class UnparsableRequests implements OnApplicationBootstrap {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    (this.adapterHost.httpAdapter.getHttpServer() as EventEmitter).on('clientError', answer);
  }
}

function answer(error: NodeJS.ErrnoException, socket: Duplex): void {
  // half an answer may be out already: more text would be read as its rest
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) return void socket.destroy();
  const body = JSON.stringify(refusal(error.code));
  socket.end(
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** As Node's own answer looks for it: nothing public says so. */
const isAnswering = (socket: Duplex & { _httpMessage?: { headersSent: boolean } | null }): boolean =>
  socket._httpMessage?.headersSent === true;

function refusal(why: string | undefined): { code: string; message: string } {
  if (why === 'HPE_HEADER_OVERFLOW') return { code: 'HEADERS_TOO_LARGE', message: 'Address and headers are too long.' };
  if (why === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { code: 'REQUEST_TIMEOUT', message: 'The request did not end in time.' };
  return { code: 'BAD_REQUEST', message: 'This is not HTTP.' };
}
