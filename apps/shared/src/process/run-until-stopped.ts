import { inspect } from 'node:util';

/** Longer than what is under way may take: after this somebody has to look anyway. */
const SHUTDOWN_MS = 25_000;

const SAME_REQUEST_MS = 500;

const LOOK_FOR_PARENT_MS = 250;

/** Known from the start: it may be gone before we serve. */
const PARENT = process.ppid;

/** Something that runs until somebody stops it. */
export interface Running {
  /** What the terminal, or whoever has started us, is told. */
  readonly lines: readonly string[];
  /** Ends what is under way, hands over what is not. */
  stop(): Promise<void>;
}

/** Starts it as this process; stops it on SIGINT, SIGTERM and SIGHUP, and when whoever has started us is gone. */
export function runUntilStopped(start: () => Promise<Running>): void {
  start()
    .then(keep)
    .catch((error: unknown) => {
      // several addresses that all failed come as one error without a message
      process.stderr.write(`${error instanceof Error && error.message !== '' ? error.message : inspect(error)}\n`);
      process.exit(1);
    });
}

function keep(running: Running): void {
  for (const line of running.lines) process.stdout.write(`${line}\n`);
  let since: number | undefined;
  const stop = (): void => {
    // Ctrl-C under npm arrives twice at once. Later it means that somebody is tired of waiting: nothing is lost by it,
    // recovery takes over what is left.
    if (since !== undefined && performance.now() - since > SAME_REQUEST_MS) process.exit(1);
    if (since !== undefined) return;
    since = performance.now();
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${inspect(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const { npm_lifecycle_event: script = '', SHOP_STOPS_WITH_PARENT: asked } = process.env;
  if (/^start(:|$)/.test(script) || asked === '1') whenOrphaned(stop);
}

/** npm, or a test, may be killed without a word: a shop that nobody knows of would keep its port and its data. */
function whenOrphaned(stop: () => void): void {
  const watch = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(watch);
    stop();
  }, LOOK_FOR_PARENT_MS).unref();
}
