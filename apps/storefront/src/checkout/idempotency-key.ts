import { BadRequestException } from '@nestjs/common';

/**
 * Header `Idempotency-Key`: absent, or something to tell requests apart by.
 *
 * @throws BadRequestException when it is empty
 */
export function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || header.trim() !== '') return header;
  throw new BadRequestException({
    code: 'BAD_IDEMPOTENCY_KEY',
    message: 'Idempotency-Key is empty: give one, or leave the header out.',
  });
}
