import { setParticipant, type ParticipantOptions } from '../participant/metadata.js';

/**
 * Marks a provider as a participant: it offers methods under `@Try()` with their `@Confirm()` and `@Cancel()`.
 *
 * @param name stable: it is what the ledger stores. Unique within an application
 * @publicApi
 */
export function Participant(name: string, options: ParticipantOptions = {}): ClassDecorator {
  return (target) => setParticipant(target, { name, options });
}
