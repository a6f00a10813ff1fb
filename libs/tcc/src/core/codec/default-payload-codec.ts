import { createPlugin, fromJSON, toJSON, type SerovalJSON, type SerovalNode } from 'seroval';
import type { PayloadCodec } from './payload-codec.js';
import { flatten, inspect } from './storable.js';

/** seroval knows typed arrays, and would give a Buffer back as none of its own. */
const bufferPlugin = createPlugin<Buffer, { base64: SerovalNode }>({
  tag: 'Buffer',
  test: (value) => Buffer.isBuffer(value),
  parse: { sync: (value, context) => ({ base64: context.parse(value.toString('base64')) }) },
  serialize: (node, context) => `Buffer.from(${context.serialize(node.base64)},"base64")`,
  deserialize: (node, context) => Buffer.from(context.deserialize<string>(node.base64), 'base64'),
});

const OPTIONS = { plugins: [bufferPlugin] };

/** No JSON text begins with it. */
const RICH = '~';
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
    if (!text.startsWith(RICH)) return JSON.parse(text) as unknown;
    return fromJSON(JSON.parse(text.slice(RICH.length)) as SerovalJSON, OPTIONS);
  },
};
