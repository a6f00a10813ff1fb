import { PlaceUnavailableError, DATABASE_UNAVAILABLE } from './place-unavailable.error.js';
import { ANSWERS_WITHIN_MS, type Place } from './place.js';

/** Asks over HTTP. */
export class HttpPlace implements Place {
  constructor(
    private readonly name: string,
    private readonly url: string,
  ) {}

  async ask<Answer>(question: string, about: object): Promise<Answer> {
    const body = JSON.stringify(about);
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    return (await this.fetch(question, init)) as Answer;
  }

  async ping(): Promise<void> {
    await this.fetch('health', {});
  }

  private async fetch(path: string, init: RequestInit): Promise<unknown> {
    const url = new URL(path, this.url.endsWith('/') ? this.url : `${this.url}/`);
    let answer: Response;
    let body: unknown;
    try {
      answer = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
      body = await answer.json();
    } catch (error) {
      throw new PlaceUnavailableError(this.name, false, error);
    }
    if (answer.ok) return body;
    const { code } = body as { code?: unknown };
    if (answer.status >= 500) throw new PlaceUnavailableError(this.name, code === DATABASE_UNAVAILABLE);
    throw new Error(`${this.name} does not understand ${path}: ${answer.status} ${String(code)}`);
  }
}
