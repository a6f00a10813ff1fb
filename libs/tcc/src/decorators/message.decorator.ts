import { currentContext } from '../context/execution-context.js';
import { setRole, type MessageOptions } from '../participant/metadata.js';
import { entersPhase } from './enters-phase.js';
import { injectRuntime } from './runtime-of.js';
import { asMessage } from './message-call.js';
import { callTry } from './try.decorator.js';
import { wrapMethod, type WrappedCall } from './wrap-method.js';

/**
 * Marks a method whose call is a promise: called inside a global transaction it is recorded and returns at once; its
 * body runs when the transaction is confirmed, after the other branches, until it returns. Nothing happens when the
 * transaction is cancelled.
 *
 * @publicApi
 */
export function Message(options: MessageOptions = {}) {
  return <F extends (...args: never[]) => void | Promise<void>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    const wrapped = wrapMethod(target, key, descriptor, '@Message()', (call) =>
      entersPhase(target, key, call.self)
        ? Reflect.apply(call.original, call.self, call.args)
        : send(target, key, call),
    );
    if (!wrapped) return;
    setRole(descriptor.value as object, { role: 'message', options });
    injectRuntime(target);
  };
}

function send(target: object, key: PropertyKey, call: WrappedCall): Promise<unknown> {
  const { scope } = currentContext();
  return asMessage(callTry(target, key, call), scope);
}
