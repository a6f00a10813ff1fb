/**
 * One step of a schema. Never changed once released: a correction is a new version.
 *
 * @publicApi
 */
export interface Migration {
  /** From 1, without gaps. */
  readonly version: number;
  /** Statements separated by `;`. They run in one transaction, so none may forbid that (`create index concurrently`). */
  readonly sql: string;
}
