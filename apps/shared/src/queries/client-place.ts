import type { ClientProxy } from '@nestjs/microservices';
import { firstValueFrom, timeout } from 'rxjs';
import { PlaceUnavailableError, DATABASE_UNAVAILABLE } from './place-unavailable.error.js';
import { ANSWERS_WITHIN_MS, patternOf, type Place } from './place.js';

/** Asks over a Nest transport. */
export class ClientPlace implements Place {
  constructor(
    private readonly name: string,
    private readonly service: string,
    private readonly client: ClientProxy,
  ) {}

  async ask<Answer>(question: string, about: object): Promise<Answer> {
    try {
      const answers = this.client.send<Answer, object>(patternOf(this.service, question), about);
      return await firstValueFrom(answers.pipe(timeout(ANSWERS_WITHIN_MS)));
    } catch (error) {
      const { code } = (error ?? {}) as { code?: unknown };
      throw new PlaceUnavailableError(this.name, code === DATABASE_UNAVAILABLE, error);
    }
  }

  async ping(): Promise<void> {
    await this.ask('ping', {});
  }
}
