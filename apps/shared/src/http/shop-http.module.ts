import { BadRequestException, Module, ValidationPipe, type ValidationError } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { TccExceptionFilter } from 'nestjs-tcc';
import { ShopExceptionFilter } from './shop-exception.filter.js';

const complaints = ({ constraints, children }: ValidationError): string[] => [
  ...Object.values(constraints ?? {}),
  ...(children ?? []).flatMap(complaints),
];

const validation = new ValidationPipe({
  transform: true,
  whitelist: true,
  exceptionFactory: (errors) => new BadRequestException(errors.flatMap(complaints).join('; ')),
});

/** How each of the shop's applications treats bodies and errors. */
@Module({
  providers: [
    { provide: APP_PIPE, useValue: validation },
    // Nest asks the last one first: what nestjs-tcc's filter does not catch goes to ours.
    { provide: APP_FILTER, useClass: ShopExceptionFilter },
    { provide: APP_FILTER, useClass: TccExceptionFilter },
  ],
})
export class ShopHttpModule {}
