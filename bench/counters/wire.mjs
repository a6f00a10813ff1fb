// What a process says to PostgreSQL, counted where pg hands it to the socket, so that it holds for TypeORM and for
// pipelining too.

const QUERY = 'Q'.charCodeAt(0);
const SYNC = 'S'.charCodeAt(0);

/** How many answers end with ReadyForQuery for these messages. One write may hold several messages. */
function answersAwaited(buffer) {
  let awaited = 0;
  for (let at = 0; at + 5 <= buffer.length; at += 1 + buffer.readUInt32BE(at + 1)) {
    const type = buffer[at];
    if (type === QUERY || type === SYNC) awaited++;
  }
  return awaited;
}

/**
 * Counts by database. A round trip begins with what is sent while no answer is due, so that statements sent together
 * are one; a commit is a session's return to idle; statements are those that the server completed, BEGIN and COMMIT
 * included.
 */
export class WireCounter {
  #databases = {};

  /** @param {{ Connection: Function }} pg every connection that this copy of pg opens from now on is counted */
  watch(pg) {
    const { prototype } = pg.Connection;
    const startup = prototype.startup;
    const counter = this;
    prototype.startup = function (settings) {
      counter.#watchConnection(this, settings.database);
      startup.call(this, settings);
    };
    return this;
  }

  /** @returns {Record<string, { roundTrips: number, statements: number, commits: number }>} */
  read() {
    return structuredClone(this.#databases);
  }

  #watchConnection(connection, database) {
    const counts = (this.#databases[database] ??= { roundTrips: 0, statements: 0, commits: 0 });
    const { stream } = connection;
    const write = stream.write;
    let awaited = 0;
    // the message that opens a session has no type; ReadyForQuery answers it
    let opened = false;
    stream.write = function (buffer, ...rest) {
      if (opened) {
        const more = answersAwaited(buffer);
        if (more > 0 && awaited === 0) counts.roundTrips++;
        awaited += more;
      }
      return write.call(this, buffer, ...rest);
    };
    connection.on('commandComplete', () => counts.statements++);
    // before pg's own listener, which sends the next query from within
    connection.prependListener('readyForQuery', ({ status }) => {
      if (!opened) {
        opened = true;
        return;
      }
      awaited--;
      if (status === 'I') counts.commits++;
    });
  }
}
