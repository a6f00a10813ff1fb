import { Catch, HttpException, HttpStatus, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LedgerFailure, ParticipantRefusedError, Tcc } from 'nestjs-tcc';
import { isDatabaseFailure } from '../database/database-failure.js';
import { ShopError } from '../shop.error.js';

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const UNAVAILABLE = {
  status: HttpStatus.SERVICE_UNAVAILABLE,
  code: 'DATABASE_UNAVAILABLE',
  message: 'A database does not answer at the moment: try again later.',
};

const INTERNAL = {
  status: HttpStatus.INTERNAL_SERVER_ERROR,
  code: 'INTERNAL_ERROR',
  message: 'Internal server error',
};

/** Whatever is wrong with a body is answered with 400; the code says what. */
const ABOUT_THE_BODY: readonly number[] = [HttpStatus.PAYLOAD_TOO_LARGE, HttpStatus.UNSUPPORTED_MEDIA_TYPE];

/** Answers everything that nestjs-tcc's own filter does not: each error with `code`, `message` and, where known, `xid`. */
@Catch()
export class ShopExceptionFilter implements ExceptionFilter<unknown> {
  private readonly logger = new Logger(ShopExceptionFilter.name);

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly tcc: Tcc,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response = host.switchToHttp().getResponse<unknown>();
    if (httpAdapter.isHeadersSent(response)) return;
    const { status, code, message } = answerTo(error);
    if (status >= 500) this.logger.error(whatToLog(error));
    const xid = this.tcc.xidOf(error);
    httpAdapter.reply(response, { code, message, ...(xid === undefined ? {} : { xid }) }, status);
  }
}

/** Where our own errors come from is known. */
function whatToLog(error: unknown): string {
  if (error instanceof ShopError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function answerTo(error: unknown): Answer {
  if (error instanceof ShopError) return { status: error.httpStatus, code: error.code, message: error.message };
  if (error instanceof HttpException) return answerToHttp(error.getStatus(), error);
  if (error instanceof ParticipantRefusedError) return answerToFailureElsewhere(error);
  if (error instanceof LedgerFailure || isDatabaseFailure(error)) return UNAVAILABLE;
  // body parsers and the router throw errors of their own with a status
  const status = (error as { status?: unknown } | undefined)?.status;
  const isTheirs = error instanceof Error && typeof status === 'number' && status >= 400 && status < 500;
  return isTheirs ? answerToHttp(status, error) : INTERNAL;
}

/**
 * The shop's refusals come as their own classes, so this is a failure: a database that is away, a mistake. The same
 * answer as if it had happened in this process.
 */
function answerToFailureElsewhere({ code, httpStatus, message, refusal }: ParticipantRefusedError): Answer {
  // late, repeated, over its time: for those the framework knows a status
  if (refusal.code.startsWith('TCC_')) return { status: httpStatus, code, message };
  return isDatabaseFailure(Object.assign(new Error(refusal.message), { code: refusal.code })) ? UNAVAILABLE : INTERNAL;
}

/** `NOT_FOUND`, `PAYLOAD_TOO_LARGE`, …: the name of the status, unless the error brings a code of its own. */
function answerToHttp(status: number, error: Error): Answer {
  const body = error instanceof HttpException ? error.getResponse() : undefined;
  const own = typeof body === 'object' ? (body as { code?: unknown }).code : undefined;
  const code = typeof own === 'string' ? own : (HttpStatus[status] ?? 'BAD_REQUEST');
  return { status: ABOUT_THE_BODY.includes(status) ? HttpStatus.BAD_REQUEST : status, code, message: error.message };
}
