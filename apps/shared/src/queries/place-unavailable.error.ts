import { ShopError } from '../shop.error.js';

/** What a service says of itself when its database is away, and a caller says of both. */
export const DATABASE_UNAVAILABLE = 'DATABASE_UNAVAILABLE';

/** A service, or its database, does not answer: the same request may succeed later. */
export class PlaceUnavailableError extends ShopError {
  override readonly httpStatus = 503;
  override readonly code: string;

  constructor(
    readonly place: string,
    isTheDatabase: boolean,
    override readonly cause?: unknown,
  ) {
    super(
      isTheDatabase
        ? 'A database does not answer at the moment: try again later.'
        : `The ${place} does not answer at the moment: try again later.`,
    );
    this.code = isTheDatabase ? DATABASE_UNAVAILABLE : 'SERVICE_UNAVAILABLE';
  }
}
