import { Inject } from '@nestjs/common';
import { getParticipantToken, recordInjection } from '../participant/participant-token.js';

/**
 * Injects a participant by its stable name. Where it runs is configuration: in this application, or in another one that
 * `TccModule.forRemote()` tells the place of. Its tries and messages are called like methods of the interface it is
 * typed with; it has nothing else.
 *
 * @example constructor(@InjectParticipant('inventory') private readonly inventory: Inventory) {}
 * @publicApi
 */
export function InjectParticipant(participant: string): PropertyDecorator & ParameterDecorator {
  const decorate = (target: object, key: string | symbol | undefined, index?: number): void => {
    // of a constructor's parameter the target is the class, of a property it is the prototype
    recordInjection(index === undefined ? target.constructor : target, participant);
    (Inject(getParticipantToken(participant)) as typeof decorate)(target, key, index);
  };
  return decorate;
}
