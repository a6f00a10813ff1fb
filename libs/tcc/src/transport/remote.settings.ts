import type { SigningKey } from '../core/wire/signature.js';

/** How calls between applications are trusted, with every default filled in. */
export interface RemoteSettings {
  /** The first one signs; all are accepted. Empty only with `insecure`. */
  readonly keys: readonly SigningKey[];
  readonly insecure: boolean;
  readonly windowMs: number;
  /** Largest body of a call, in bytes. */
  readonly maxBodyBytes: number;
}
