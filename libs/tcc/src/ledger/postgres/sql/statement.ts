/**
 * A named statement with its parameters, as `client.query` takes it. The name makes it prepared: parsed and planned
 * once per connection, so a changed text needs a changed name.
 */
export interface Statement<Row> {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
  /** Carries the type of its rows; never set. */
  readonly row?: Row;
}

/** One that writes, and returns nothing: how many rows it has touched tells whether every write took effect. */
export interface WriteStatement extends Statement<never> {
  /** How many rows it touches then; undefined: that does not tell it. */
  readonly rows: number | undefined;
}
