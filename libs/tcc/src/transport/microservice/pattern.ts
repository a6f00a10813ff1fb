/**
 * One pattern for all participants of a service: on a broker that others share, another service must not hear it. Names
 * may hold anything printable, and blanks, dots and asterisks mean something to brokers.
 */
export const patternOf = (service: string): string =>
  `nestjs-tcc.participants.${encodeURIComponent(service).replaceAll(
    /[.!~*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )}`;

/** What travels: the body as it was signed. */
export interface Parcel {
  readonly body: string;
  readonly signature?: string | undefined;
}

/** What comes back. */
export interface ParcelAnswer {
  readonly text: string;
  readonly signature?: string | undefined;
}
