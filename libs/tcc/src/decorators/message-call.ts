import type { TransactionScope } from '../context/transaction-scope.js';

/**
 * What a call of a message returns: a promise that knows whether anybody holds it. One that is declared `void` is
 * awaited by nobody; its failure must neither end the process as an unhandled rejection nor be lost.
 */
class MessageCall extends Promise<unknown> {
  /** What comes of it by `then` is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  private held = false;

  static of(sent: Promise<unknown>): MessageCall {
    const call = new MessageCall((resolve) => resolve(sent));
    // not by `then`, which would count as somebody's
    void Promise.prototype.then.call(call, undefined, () => undefined);
    return call;
  }

  get isHeld(): boolean {
    return this.held;
  }

  // `await` comes here too, since the constructor is not that of Promise.
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise, and this is how it learns that somebody holds it
  override then<A = unknown, B = never>(
    onfulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.held = true;
    return super.then(onfulfilled, onrejected);
  }
}

/** Makes the call of a message what its caller gets. */
export function asMessage(
  sent: Promise<unknown>,
  scope: Pick<TransactionScope, 'expect'> | undefined,
): Promise<unknown> {
  const message = MessageCall.of(sent);
  if (scope?.expect(sent, () => message.isHeld)) return message;
  // Nobody else tells of the failure: it is as loud as any that is not handled.
  return sent.then((value) => value);
}
