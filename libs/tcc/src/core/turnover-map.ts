/** Entries added until the table is left behind: as many as are copied, and some more. */
const SOME = 64;

/**
 * A Map of entries that come and go for as long as the process lives.
 *
 * A Map of V8 moves to another table each time it is full of deleted entries, and the table it leaves points to the next
 * one. As soon as one of them has become old, no short collection frees any that follows, nor what these held: all of it
 * becomes old as well, until the next full collection, and then it begins again (docs/performance.md). So the Map itself
 * is left behind, before that.
 *
 * Not to be added to while it is iterated: what is added then may not be seen.
 */
export class TurnoverMap<Key, Value> {
  private map = new Map<Key, Value>();
  private added = 0;

  get size(): number {
    return this.map.size;
  }

  get(key: Key): Value | undefined {
    return this.map.get(key);
  }

  has(key: Key): boolean {
    return this.map.has(key);
  }

  set(key: Key, value: Value): void {
    if (this.added >= this.map.size + SOME) {
      this.map = new Map(this.map);
      this.added = 0;
    }
    this.added += 1;
    this.map.set(key, value);
  }

  delete(key: Key): void {
    this.map.delete(key);
  }

  clear(): void {
    this.map = new Map();
    this.added = 0;
  }

  /** In the order of their addition. */
  keys(): IterableIterator<Key> {
    return this.map.keys();
  }

  /** In the order of their addition. */
  values(): IterableIterator<Value> {
    return this.map.values();
  }

  /** In the order of their addition. */
  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.map.entries();
  }
}
