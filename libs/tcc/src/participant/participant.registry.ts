import { Injectable } from '@nestjs/common';
import { UnknownParticipantError } from '../errors/unknown-participant.error.js';
import type { Participant, ParticipantTry } from './participant.js';

/** The participants of this instance: by name for recovery, by class for the decorators. */
@Injectable()
export class ParticipantRegistry {
  private readonly byName = new Map<string, Participant>();
  private readonly byPrototype = new Map<object, ReadonlyMap<PropertyKey, ParticipantTry>>();

  /** @param prototype of its class, for participants made by decorators */
  add(participant: Participant, prototype?: object): void {
    this.byName.set(participant.name, participant);
    if (prototype) {
      this.byPrototype.set(prototype, new Map([...participant.tries.values()].map((entry) => [entry.method, entry])));
    }
  }

  get(name: string): Participant | undefined {
    return this.byName.get(name);
  }

  all(): readonly Participant[] {
    return [...this.byName.values()];
  }

  /** @throws UnknownParticipantError naming those that exist here */
  find(participant: string, method: string, xid?: string): ParticipantTry {
    const found = this.byName.get(participant)?.tries.get(method);
    if (!found) throw new UnknownParticipantError(`${participant}.${method}`, this.names(), xid);
    return found;
  }

  /** The try behind a method of an object. @throws UnknownParticipantError when its class is no provider here */
  findByMethod(self: object | undefined, method: PropertyKey, label: string): ParticipantTry {
    const found = self && this.byPrototype.get(Object.getPrototypeOf(self) as object)?.get(method);
    if (!found) throw new UnknownParticipantError(label, this.names());
    return found;
  }

  private names(): string[] {
    return this.all().flatMap((participant) => [...participant.tries.values()].map((entry) => entry.fullName));
  }
}
