import type { Submittable } from 'pg';
import type { Wire } from '../postgres/pg-wire.js';

/** A Query message of the simple protocol, with its length. */
const COMMIT = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1');

/**
 * COMMIT, as bytes that are always the same. Each phase sends one, and pg's own query makes an emitter, a result and the
 * message each time.
 */
export class CommitQuery implements Submittable {
  /** For those who look at what a client is asked, as tracing does. */
  readonly text = 'commit';

  private done = '';

  /** @param callback given the tag of the command; pg replaces it by one of its own where queries have a time limit */
  constructor(public callback: (error: Error | null | undefined, done?: string) => void) {}

  submit({ stream }: Pick<Wire, 'stream'>): null {
    if (stream.writable) stream.write(COMMIT);
    return null;
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.done = text;
  }

  // A deferred constraint is checked here.
  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null, this.done);
  }
}
