/** A test: its file, and its title as it is written there. */
export type Test = readonly [file: string, title: string];

/** Something that users of other frameworks ran into, or that other frameworks test. */
export interface Covered {
  /** Which list it is from, and which of it. */
  readonly id: string;
  readonly about: string;
  readonly tests: readonly Test[];
  /** What has no test because it does not exist yet; with what it comes. */
  readonly open?: string;
}

