import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Whoever had it may be about to go. */
const BECOMES_FREE_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/** A port that nobody listens on at the moment. */
export const freePort = (host: string): Promise<number> => tryPort(0, host);

/** Waits until nobody listens on a port. @throws what the system says when somebody still does */
export async function untilFree(port: number, host: string): Promise<void> {
  for (const giveUpAt = performance.now() + BECOMES_FREE_WITHIN_MS; ; await pause(LOOK_AGAIN_MS)) {
    try {
      await tryPort(port, host);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || performance.now() > giveUpAt) throw error;
    }
  }
}

function tryPort(port: number, host: string): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const { port: given } = server.address() as AddressInfo;
      server.close(() => resolve(given));
    });
  });
}
