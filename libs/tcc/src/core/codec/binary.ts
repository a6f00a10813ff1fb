import { types } from 'node:util';

/** In the version of JavaScript that every supported Node has. */
const VIEWS: Readonly<Record<string, new (buffer: ArrayBuffer) => ArrayBufferView>> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
};

/** Bytes, and what they were. */
export interface Binary {
  readonly kind: string;
  readonly bytes: Buffer;
}

export const isBinary = (value: unknown): value is ArrayBufferView | ArrayBuffer =>
  ArrayBuffer.isView(value) || types.isArrayBuffer(value);

/** What a binary value is, by name: of a class of its own, its built-in ancestor. Undefined where it cannot be kept. */
export function binaryKind(value: ArrayBufferView | ArrayBuffer): string | undefined {
  if (Buffer.isBuffer(value)) return 'Buffer';
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return kind === 'ArrayBuffer' || Object.hasOwn(VIEWS, kind) ? kind : undefined;
}

/** A view's own bytes only: the buffer that it shares may hold other people's. */
export function bytesOf(value: ArrayBufferView | ArrayBuffer): Buffer {
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value);
}

/** @throws TypeError when no such kind is known here */
export function fromBytes({ kind, bytes }: Binary): unknown {
  if (kind === 'Buffer') return Buffer.from(bytes);
  const { buffer } = new Uint8Array(bytes);
  if (kind === 'ArrayBuffer') return buffer;
  const View = Object.hasOwn(VIEWS, kind) ? VIEWS[kind] : undefined;
  if (!View) throw new TypeError(`${kind} is not known here`);
  return new View(buffer);
}
