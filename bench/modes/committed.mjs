/**
 * Calls back when the local transaction that the manager works in has its answer to COMMIT: the server says then that
 * the session is idle. Needed where nobody waits for phase two; it costs no message.
 */
export function committed(manager, done) {
  const { connection } = manager.queryRunner.databaseConnection;
  const ready = ({ status }) => {
    if (status !== 'I') return;
    connection.off('readyForQuery', ready);
    done();
  };
  connection.on('readyForQuery', ready);
}
