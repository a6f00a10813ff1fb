import { createHash } from 'node:crypto';
import { isKeptExactly } from '../text.js';
import { PayloadError } from '../../errors/payload.error.js';
import { describeError } from '../describe-error.js';
import { defaultPayloadCodec } from './default-payload-codec.js';
import type { PayloadCodec } from './payload-codec.js';
import { flatten, inspect, UnstorableValue } from './storable.js';

/** Encodes and decodes with the codec in use, within the size limit, and names the culprit when it cannot. */
export class Payloads {
  constructor(
    private readonly codec: PayloadCodec,
    /** Of one argument list or result, in bytes of UTF-8. */
    private readonly maxBytes: number,
  ) {}

  /** @throws PayloadError naming the argument */
  encodeArguments(args: readonly unknown[], of: string): string {
    return this.encode(
      args,
      `Arguments of ${of}`,
      ([index, ...rest]) => `Argument ${Number(index) + 1} of ${of}${asPath(rest)}`,
    );
  }

  /** @throws PayloadError */
  encodeResult(result: unknown, of: string): string {
    return this.encode(result, `Result of ${of}`, (path) => `Result of ${of}${asPath(path)}`);
  }

  /** A text that somebody else has encoded, in another application say. @throws PayloadError */
  assertKept(text: string, what: string): string {
    // bytes as latin1 are none that is kept
    if (!isKeptExactly(text))
      throw new PayloadError(
        what,
        'the codec made a text of it with \\u0000 or half a surrogate pair; encode bytes as base64',
      );
    const bytes = Buffer.byteLength(text);
    if (bytes > this.maxBytes)
      throw new PayloadError(what, `it takes ${bytes} bytes and maxPayloadBytes is ${this.maxBytes}`);
    return text;
  }

  /** @throws PayloadError with direction `read` */
  decode(text: string, what: string): unknown {
    try {
      return this.codec.decode(text);
    } catch (cause) {
      throw new PayloadError(what, describeError(cause), 'read', { cause });
    }
  }

  /** @throws PayloadError with direction `read` when it is no argument list */
  decodeArguments(text: string, of: string): readonly unknown[] {
    const what = `Arguments of ${of}`;
    const args = this.decode(text, what);
    if (!Array.isArray(args)) throw new PayloadError(what, 'what is stored is no list', 'read');
    return args;
  }

  /**
   * A digest by which the same request is known again, whatever the order of its properties. Not by the codec in use:
   * one that encrypts gives another text each time.
   */
  fingerprint(value: unknown, of: string): string {
    const what = `Fingerprint of ${of}`;
    const text = encodeWith(canonicalCodec, value, what, (path) => what + asPath(path));
    return createHash('sha256').update(text).digest('base64url');
  }

  private encode(value: unknown, what: string, nameOf: (path: readonly (string | number)[]) => string): string {
    const text = encodeWith(this.codec, value, what, nameOf);
    // A codec of the application's own: JSON.stringify(undefined) is no text.
    if (typeof text !== 'string') throw new PayloadError(what, `the codec made no text of it but ${typeof text}`);
    return this.assertKept(text, what);
  }
}

const canonicalCodec: Pick<PayloadCodec, 'encode'> = {
  encode(value) {
    inspect(value);
    return defaultPayloadCodec.encode(flatten(value, 'sorted'));
  },
};

function encodeWith(
  codec: Pick<PayloadCodec, 'encode'>,
  value: unknown,
  what: string,
  nameOf: (path: readonly (string | number)[]) => string,
): string {
  try {
    return codec.encode(value);
  } catch (cause) {
    if (cause instanceof UnstorableValue && cause.path.length > 0)
      throw new PayloadError(nameOf(cause.path), cause.problem);
    throw new PayloadError(what, describeError(cause), 'write', { cause });
  }
}

const asPath = (path: readonly (string | number)[]): string =>
  path.length === 0 ? '' : ` (${path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')})`;
