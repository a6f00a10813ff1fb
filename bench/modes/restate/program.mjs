/** The server, as a file of its npm package for this system. */
export const RESTATE_SERVER = `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`;
