import { Injectable } from '@nestjs/common';
import { UnknownParticipantError } from '../errors/unknown-participant.error.js';
import type { Participant, ParticipantTry } from './participant.js';
import type { RemoteParticipant } from './remote/remote-place.js';

/** The participants that this instance can call: by name for recovery, by class for the decorators. */
@Injectable()
export class ParticipantRegistry {
  private readonly byName = new Map<string, Participant>();
  private readonly remote = new Map<string, RemoteParticipant>();
  private readonly byPrototype = new Map<object, ReadonlyMap<PropertyKey, ParticipantTry>>();

  /** @param prototype of its class, for participants made by decorators */
  add(participant: Participant, prototype?: object): void {
    this.byName.set(participant.name, participant);
    if (prototype) {
      this.byPrototype.set(prototype, new Map([...participant.tries.values()].map((entry) => [entry.method, entry])));
    }
  }

  addRemote(participant: RemoteParticipant): void {
    this.remote.set(participant.name, participant);
  }

  /** A participant that another application has. */
  elsewhere(name: string): RemoteParticipant | undefined {
    return this.remote.get(name);
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

  /** As others call it: by the name of the method as well, since their interface has no other. */
  findOffered(participant: string, method: string): ParticipantTry | undefined {
    const tries = this.byName.get(participant)?.tries;
    return tries?.get(method) ?? [...(tries?.values() ?? [])].find((entry) => entry.method === method);
  }

  /** Whether an object is of a class whose methods are decorated, and not of a definition. */
  isDecorated(self: object): boolean {
    return this.byPrototype.has(Object.getPrototypeOf(self) as object);
  }

  /** `participant.method` of everything here. */
  offered(): readonly string[] {
    return this.names();
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
