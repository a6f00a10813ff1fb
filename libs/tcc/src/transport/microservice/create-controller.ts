import { Controller, Inject, type Type } from '@nestjs/common';
import { RECEIVER_SETTINGS, type ReceiverSettings } from '../receiver.settings.js';
import { SignedReceiver } from '../signed-receiver.js';
import { patternOf, type Parcel, type ParcelAnswer } from './pattern.js';

// What @MessagePattern() writes. Not imported from @nestjs/microservices, which applications without it must not need.
const PATTERN = 'microservices:pattern';
const HANDLER_TYPE = 'microservices:handler_type';
const EXTRAS = 'microservices:pattern_extras';
const MESSAGE = 1;

/**
 * The one message pattern for all participants. A class for each application: two in one process are two services, and
 * their patterns stand on the class.
 */
export function createMicroserviceController(): Type {
  @Controller()
  class TccMicroserviceController {
    constructor(
      @Inject(SignedReceiver) private readonly receiver: SignedReceiver,
      @Inject(RECEIVER_SETTINGS) { service }: ReceiverSettings,
    ) {
      if (!receiver.isOpen) return;
      const { value: method } = Object.getOwnPropertyDescriptor(TccMicroserviceController.prototype, 'call')! as {
        value: object;
      };
      Reflect.defineMetadata(PATTERN, [patternOf(service)], method);
      Reflect.defineMetadata(HANDLER_TYPE, MESSAGE, method);
      Reflect.defineMetadata(EXTRAS, {}, method);
    }

    async call(parcel: unknown): Promise<ParcelAnswer> {
      const { body, signature } = (parcel ?? {}) as Partial<Parcel>;
      if (typeof body !== 'string') return { text: this.receiver.refuse({ answer: 'malformed' }).text };
      if (Buffer.byteLength(body) > this.receiver.maxBodyBytes)
        return { text: this.receiver.refuse({ answer: 'too large' }).text };
      const given = typeof signature === 'string' ? signature : undefined;
      // Nobody tells of a caller that is gone. One for each call: what hangs on a signal that lives on is never freed.
      const reply = await this.receiver.handle(body, given, new AbortController().signal);
      return { text: reply.text, signature: reply.signature };
    }
  }
  return TccMicroserviceController;
}
