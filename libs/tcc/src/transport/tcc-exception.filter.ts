import { Catch, HttpStatus, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { TransactionInProgressError } from '../errors/transaction-in-progress.error.js';
import { TccError } from '../errors/tcc.error.js';

/**
 * Answers HTTP requests with the errors of nestjs-tcc: in doubt 503, timed out 504, in progress 409 with Retry-After,
 * key reuse 422, payload 400, ledger unavailable 503; cancelled, closed, a late and a repeated try 409, a try over its
 * time limit 504; the others, which are mistakes in the application, 500 without their message, which is logged. Each
 * with `code`, `message` and `xid`.
 *
 * @example app.useGlobalFilters(new TccExceptionFilter(app.get(HttpAdapterHost)))
 * @publicApi
 */
@Catch(TccError)
export class TccExceptionFilter implements ExceptionFilter<TccError> {
  private readonly logger = new Logger(TccExceptionFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: TccError, host: ArgumentsHost): void {
    // an RPC or WebSocket handler has its own way of answering
    if (host.getType() !== 'http') throw error;
    const { httpAdapter } = this.adapterHost;
    const response = host.switchToHttp().getResponse<unknown>();
    const isOurs = error.httpStatus !== HttpStatus.INTERNAL_SERVER_ERROR;
    if (!isOurs) this.logger.error(error.message, error.stack);
    if (error.code === 'TCC_IN_PROGRESS') {
      httpAdapter.setHeader(
        response,
        'Retry-After',
        String(Math.ceil((error as TransactionInProgressError).retryAfterMs / 1_000)),
      );
    }
    const message = isOurs ? error.message : 'Internal server error';
    httpAdapter.reply(
      response,
      { code: error.code, message, ...(error.xid === undefined ? {} : { xid: error.xid }) },
      error.httpStatus,
    );
  }
}
