import { randomFillSync } from 'node:crypto';
import { V7Generator } from 'uuidv7';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Random numbers for a few hundred ids at a time: asking the system for each one costs more than all else in making it. */
const random = { numbers: new Uint32Array(1_024), next: 1_024 };

const generator = new V7Generator({
  nextUint32: () => {
    if (random.next === random.numbers.length) {
      randomFillSync(random.numbers);
      random.next = 0;
    }
    return random.numbers[random.next++]!;
  },
});

/** A new global transaction id: UUIDv7, so that rows of one time lie together. */
export const newXid = (): string => generator.generate().toString();

/** Whether a text from outside can be an xid. */
export const isXid = (text: string): boolean => UUID.test(text);
