import net from 'node:net';

/** Waits for work no longer than that. @throws Error that tells what this process has open, which may be why */
export async function within<T>(ms: number, what: string, work: Promise<T> | undefined): Promise<T | undefined> {
  const late = AbortSignal.timeout(ms);
  const tooLate = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () => reject(new Error(`${what} takes longer than ${ms} ms; ${whatIsOpen()}`)));
  });
  return Promise.race([work, tooLate]);
}

function whatIsOpen(): string {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles: () => Partial<net.Socket>[] };
  const sockets = handles
    .call(process)
    .filter((handle): handle is net.Socket => handle instanceof net.Socket && handle.remotePort !== undefined)
    .map(
      ({ localPort, remotePort, bytesRead, bytesWritten }) => `${localPort}-${remotePort} ${bytesRead}/${bytesWritten}`,
    );
  return `${process.getActiveResourcesInfo().join(' ')}; ${sockets.join(', ')}`;
}
