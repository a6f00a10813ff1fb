import { createPlugin, fromJSON, toJSON, type SerovalJSON, type SerovalNode } from 'seroval';
import { binaryKind, bytesOf, fromBytes, isBinary } from './binary.js';
import type { PayloadCodec } from './payload-codec.js';
import { flatten, inspect } from './storable.js';

/**
 * Its own typed arrays seroval tells by their constructors, which fails between realms (in jest, for one), and it
 * stores the whole buffer behind a view.
 */
const binaryPlugin = createPlugin<ArrayBufferView | ArrayBuffer, { kind: SerovalNode; base64: SerovalNode }>({
  tag: 'Binary',
  test: isBinary,
  parse: {
    sync: (value, context) => ({
      kind: context.parse(binaryKind(value)),
      base64: context.parse(bytesOf(value).toString('base64')),
    }),
  },
  // for code that seroval can generate, which nobody asks it for
  serialize: () => {
    throw new Error('not used');
  },
  deserialize: ({ kind, base64 }, context) =>
    fromBytes({
      kind: context.deserialize(kind),
      bytes: Buffer.from(context.deserialize<string>(base64), 'base64'),
    }) as ArrayBuffer,
});

const OPTIONS = { plugins: [binaryPlugin] };

/** No JSON text begins with it. */
const RICH = '~';
const MAY_NAME_PROTOTYPE = /__proto__|\\u00/;
const UNDEFINED = `${RICH}undefined`;

/**
 * Keeps Date, bigint, undefined, NaN, Map, Set, typed arrays and Buffer; instances of other classes come back as plain
 * objects with the same properties. What JSON keeps exactly is stored as JSON, for people who read the ledger; the rest
 * is `~` and the JSON form of seroval.
 *
 * @publicApi
 */
export const defaultPayloadCodec: PayloadCodec = {
  encode(value) {
    // the result of most tries and of every void method: not worth a serializer
    if (value === undefined) return UNDEFINED;
    if (inspect(value) === 'plain') return JSON.stringify(value);
    return RICH + JSON.stringify(toJSON(flatten(value), OPTIONS));
  },
  decode(text) {
    if (text === UNDEFINED) return undefined;
    const value = text.startsWith(RICH)
      ? fromJSON(JSON.parse(text.slice(RICH.length)) as SerovalJSON, OPTIONS)
      : (JSON.parse(text) as unknown);
    // Never written by us. Whoever sent it hopes that somebody copies it by hand.
    if (MAY_NAME_PROTOTYPE.test(text)) inspect(value);
    return value;
  },
};
