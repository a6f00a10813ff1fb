/** What the shop answered. */
export interface Answer<Body = Readonly<Record<string, unknown>>> {
  readonly status: number;
  readonly body: Body;
}

/** Longer than any answer may take. */
const PATIENCE_MS = 30_000;

/** Talks to a shop as anybody would. */
export class ShopClient {
  constructor(private readonly url: string) {}

  get<Body>(path: string): Promise<Answer<Body>> {
    return this.send('GET', path);
  }

  post<Body>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<Body>> {
    return this.send('POST', path, body, headers);
  }

  put<Body>(path: string, body: unknown): Promise<Answer<Body>> {
    return this.send('PUT', path, body);
  }

  private async send<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? { headers } : { body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    return { status: answer.status, body: (await answer.json()) as Body };
  }
}
