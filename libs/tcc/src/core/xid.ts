import { uuidv7 } from 'uuidv7';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A new global transaction id: UUIDv7, so that rows of one time lie together. */
export const newXid = (): string => uuidv7();

/** Whether a text from outside can be an xid. */
export const isXid = (text: string): boolean => UUID.test(text);
