import type { RemoteParticipantOptions } from './remote.options.js';

/** What one `forRemote()` gave, as a provider that the module finds. */
export class RemoteEntries {
  constructor(readonly entries: readonly RemoteParticipantOptions[]) {}
}
