import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { TccExceptionFilter } from 'nestjs-tcc';
import { BodyValidationPipe } from './body-validation.pipe.js';
import { FailedElsewhereFilter } from './failed-elsewhere.filter.js';
import { ShopExceptionFilter } from './shop-exception.filter.js';
import { UnparsableRequests } from './unparsable-requests.js';

/** How each of the shop's applications treats bodies and errors. */
@Module({
  providers: [
    { provide: APP_PIPE, useClass: BodyValidationPipe },
    UnparsableRequests,
    // Nest asks the last one first: what nestjs-tcc's filter does not catch goes to ours.
    { provide: APP_FILTER, useClass: ShopExceptionFilter },
    { provide: APP_FILTER, useClass: TccExceptionFilter },
    { provide: APP_FILTER, useClass: FailedElsewhereFilter },
  ],
})
export class ShopHttpModule {}
