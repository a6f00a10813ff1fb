import type { SecureContextOptions, ConnectionOptions } from 'node:tls';
import type { InjectionToken } from '@nestjs/common';
import type { Duration } from '../../core/duration.js';
import type { BusinessErrorClass } from './remote-place.js';

/**
 * TLS of calls over HTTPS: a CA of your own, and certificate and key where the other side asks for them (mTLS).
 *
 * @publicApi
 */
export type RemoteTls = Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'minVersion'> &
  Pick<ConnectionOptions, 'servername' | 'rejectUnauthorized'>;

/**
 * Where a participant of another application is. Either `url` or `client`.
 *
 * @publicApi
 */
export interface RemoteParticipantOptions {
  /** Its stable name there, under `@Participant()`. */
  readonly participant: string;
  /** `service` of that application's `forRoot()`: calls are signed for it. */
  readonly service: string;
  /** Over HTTP: base URL of that application, with its global prefix if it has one. */
  readonly url?: string;
  /** Over a Nest transport: injection token of a `ClientProxy` that can wait for an answer. */
  readonly client?: InjectionToken;
  /** Methods that are under `@Message()` there: they are recorded here, and delivered once the transaction is confirmed. */
  readonly messages?: readonly string[];
  /** The longest a try may take; default: until the deadline of its transaction. */
  readonly timeout?: Duration;
  /** HTTP: the longest that connecting may take; default `'2s'`. */
  readonly connectTimeout?: Duration;
  /** HTTPS. */
  readonly tls?: RemoteTls;
  /** Business errors that its tries throw: they reach the caller as instances of these classes again, found by name. */
  readonly errors?: readonly BusinessErrorClass[];
}
