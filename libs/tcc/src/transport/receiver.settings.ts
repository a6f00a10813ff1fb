import type { FaultHook } from '../core/fault-point.js';
import type { RemoteSettings } from './remote.settings.js';

export const RECEIVER_SETTINGS = Symbol.for('nestjs-tcc:receiver-settings');

/** What a receiver of calls needs from the settings. */
export interface ReceiverSettings extends RemoteSettings {
  readonly service: string;
  readonly callTimeoutMs: number;
  readonly faults: FaultHook;
}
