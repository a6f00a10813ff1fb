/** The PostgreSQL server on which the shop's databases live. */
export interface DatabaseServer {
  /** Of its maintenance database, as a user who may create databases (or to whom the three belong already). */
  readonly url: string;
  /** Put before each database's name, so that several shops can share a server without sharing data. */
  readonly prefix: string;
}

/** The URL of one of the shop's databases. */
export function databaseUrl(server: DatabaseServer, name: string): string {
  const url = new URL(server.url);
  url.pathname = `/${encodeURIComponent(server.prefix + name)}`;
  return url.href;
}
