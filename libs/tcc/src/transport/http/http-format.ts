/** The one route, below the other application's base URL. */
export const ROUTE = 'tcc/participants';

/**
 * A type of its own, and none that ends with `+json`: what the application does to JSON (limits, parsers that change the
 * bytes that were signed) is not for these calls.
 */
export const CONTENT_TYPE = 'application/vnd.nestjs-tcc';

export const SIGNATURE_HEADER = 'tcc-signature';
