import { createHash } from 'node:crypto';

/** As with JDBC's driver for Postgres: what is run once or twice is not worth a plan that stays. */
const WORTH_PREPARING = 5;
/** Each one takes memory in the server, for each connection. */
const MOST_STATEMENTS = 100;

/**
 * Which business statements a connection prepares: those that it sees again and again behind the opening of a phase.
 * Parsing and planning a small statement costs the server as much as running it.
 */
export class RepeatedStatements {
  private readonly seen = new Map<string, { times: number; name?: string }>();
  private generation = 0;

  /**
   * @param generation in another one everything is prepared anew, under other names
   * @returns the name to prepare it under; undefined: not yet, or never
   */
  nameOf(text: string, generation: number): string | undefined {
    if (generation !== this.generation) {
      this.generation = generation;
      this.seen.clear();
    }
    const known = this.seen.get(text);
    if (!known) {
      if (this.seen.size < MOST_STATEMENTS) this.seen.set(text, { times: 1 });
      return undefined;
    }
    known.times += 1;
    if (known.times > WORTH_PREPARING) known.name ??= nameFor(text, generation);
    return known.name;
  }
}

/**
 * Made of the text: behind a pooler a session may hold what another process has prepared, and under a name that means
 * something else there, its statement would be run for ours.
 */
const nameFor = (text: string, generation: number): string =>
  `tcc-s-${generation}-${createHash('sha256').update(text).digest('base64url')}`;
