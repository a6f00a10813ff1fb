import {
  BadRequestException,
  Injectable,
  ValidationPipe,
  type ArgumentMetadata,
  type ValidationError,
} from '@nestjs/common';

/** Far more than any body of ours has. */
const DEEPEST = 20;

/** Checks each argument of a controller against its class. @throws BadRequestException with every complaint */
@Injectable()
export class BodyValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      exceptionFactory: (errors) => new BadRequestException(errors.flatMap(complaints).join('; ')),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // class-transformer recurses: a few kilobytes of brackets would be our stack overflow instead of their mistake
    if (isDeeperThan(DEEPEST, value)) throw new BadRequestException(`it is nested more than ${DEEPEST} levels deep`);
    return super.transform(value, metadata);
  }
}

const complaints = ({ constraints, children }: ValidationError): string[] => [
  ...Object.values(constraints ?? {}),
  ...(children ?? []).flatMap(complaints),
];

const isDeeperThan = (levels: number, value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part)));
