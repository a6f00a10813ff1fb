import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import { toMilliseconds } from '../core/duration.js';
import { ConfigurationError } from '../errors/configuration.error.js';
import { WiringError, type WiringMistake } from '../errors/wiring.error.js';
import { isParticipantProxy } from '../participant/participant-proxy.js';
import { getParticipantToken, injectedInto } from '../participant/participant-token.js';
import { prototypeOf } from '../participant/provider-wrapper.js';
import { ParticipantRegistry } from '../participant/participant.registry.js';
import type { BusinessErrorClass } from '../participant/remote/remote-place.js';
import { RemoteEntries } from '../participant/remote/remote-entries.js';
import type { RemoteParticipantOptions } from '../participant/remote/remote.options.js';
import { isStableName } from '../participant/tries.builder.js';
import type { Carrier } from './carrier.js';
import { HttpCarrier } from './http/http-carrier.js';
import { ClientProxyCarrier, type RequestReplyClient } from './microservice/client-proxy-carrier.js';
import { RECEIVER_SETTINGS, type ReceiverSettings } from './receiver.settings.js';
import { SignedPlace } from './signed-place.js';

/** Knows where participants of other applications are. */
@Injectable()
export class RemoteDirectory {
  /** One for each place: what does not answer is left alone for all of its participants. */
  private readonly places: { readonly entry: RemoteParticipantOptions; readonly place: SignedPlace }[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly moduleRef: ModuleRef,
    private readonly registry: ParticipantRegistry,
    @Inject(RECEIVER_SETTINGS) private readonly settings: ReceiverSettings,
  ) {}

  /**
   * @throws ConfigurationError naming the first entry that cannot work; WiringError listing what is injected and nowhere
   */
  open(): void {
    const entries = this.discovery
      .getProviders()
      .flatMap(({ instance }) => (instance instanceof RemoteEntries ? instance.entries : []));
    // one that a test has overridden is what the test says it is
    for (const entry of entries) if (!this.isOverridden(entry.participant)) this.add(entry);
    const mistakes = this.homeless();
    if (mistakes.length > 0) throw new WiringError(mistakes);
  }

  /** Gives connections back. */
  async close(): Promise<void> {
    await Promise.all(this.places.map(({ place }) => place.close()));
  }

  private homeless(): WiringMistake[] {
    const mistakes = new Map<string, WiringMistake>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const type = prototypeOf(wrapper)?.constructor;
      for (const name of type ? injectedInto(type) : []) {
        if (this.registry.get(name) || this.registry.elsewhere(name) || this.isOverridden(name)) continue;
        mistakes.set(`${type!.name} ${name}`, {
          class: type!.name,
          problem: `it injects the participant '${name}', which is neither here nor known to be elsewhere`,
          remedy: `Provide the class under @Participant('${name}'), or say where it is with TccModule.forRemote()`,
        });
      }
    }
    return [...mistakes.values()];
  }

  private isOverridden(participant: string): boolean {
    try {
      return !isParticipantProxy(this.moduleRef.get<object>(getParticipantToken(participant), { strict: false }));
    } catch {
      // nobody injects it: it is called by recovery only
      return false;
    }
  }

  private add(entry: RemoteParticipantOptions): void {
    const option = `forRemote() of ${JSON.stringify(entry.participant)}`;
    const refuse = (problem: string): never => {
      throw new ConfigurationError(option, problem);
    };
    const { participant, service } = entry;
    if (!isStableName(participant)) refuse('it is no name of a participant');
    if (!isStableName(service)) refuse('service is the name that the other application has in its forRoot()');
    if (this.registry.elsewhere(participant)) refuse('it is given twice');
    if (this.registry.get(participant)) refuse('this application has a participant of that name itself');
    if ((entry.url === undefined) === (entry.client === undefined)) refuse('give either url or client');
    const { keys, insecure } = this.settings;
    if (keys.length === 0 && !insecure)
      refuse('calls of participants are signed: give remote: { keys: [{ id, secret }] } in forRoot()');
    this.registry.addRemote({
      name: participant,
      service,
      place: this.place(entry, option),
      messages: new Set(entry.messages),
      tryTimeoutMs: entry.timeout === undefined ? undefined : toMilliseconds(entry.timeout, `timeout in ${option}`),
      errors: new Map((entry.errors ?? []).map((each): [string, BusinessErrorClass] => [each.name, each])),
    });
  }

  private place(entry: RemoteParticipantOptions, option: string): SignedPlace {
    const known = this.places.find((each) => isSamePlace(each.entry, entry));
    if (known) return known.place;
    const [key] = this.settings.keys;
    const place = new SignedPlace(this.carrier(entry, option), { audience: entry.service, key });
    this.places.push({ entry, place });
    return place;
  }

  private carrier(entry: RemoteParticipantOptions, option: string): Carrier {
    const { url, client, service } = entry;
    if (client !== undefined) return new ClientProxyCarrier(this.clientOf(entry, option), service, option);
    if (!URL.canParse(url!) || !/^https?:$/.test(new URL(url!).protocol))
      throw new ConfigurationError(option, `${JSON.stringify(url)} is no URL that begins with http:// or https://`);
    const { username, password, search, hash } = new URL(url!);
    // not shown: what stands there may be a secret
    if (username || password || search || hash)
      throw new ConfigurationError(
        option,
        'its url has more than scheme, host, port and path: none of that would be sent',
      );
    return new HttpCarrier({
      url: url!,
      connectTimeoutMs: toMilliseconds(entry.connectTimeout ?? '2s', `connectTimeout in ${option}`),
      tls: entry.tls ?? {},
      maxAnswerBytes: this.settings.maxBodyBytes,
    });
  }

  private clientOf({ client }: RemoteParticipantOptions, option: string): RequestReplyClient {
    try {
      return this.moduleRef.get<RequestReplyClient>(client as string, { strict: false });
    } catch {
      throw new ConfigurationError(
        option,
        `there is no provider ${String(client)}; import ClientsModule.register() for it`,
      );
    }
  }
}

/** One broker's client may lead to many services, and two ways of connecting to a URL are two ways of failing. */
const isSamePlace = (a: RemoteParticipantOptions, b: RemoteParticipantOptions): boolean =>
  a.service === b.service &&
  a.client === b.client &&
  a.url === b.url &&
  a.tls === b.tls &&
  a.connectTimeout === b.connectTimeout;
