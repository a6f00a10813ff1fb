/**
 * SQLSTATE classes and codes that say "not now" rather than "wrong": connection, resources, shutdown, a database that
 * takes no connections, lock timeouts, deadlocks.
 */
const SQLSTATE = /^(08|40|53|57|58)...$|^(55P03|55000|3D000|25P03)$/;

const NETWORK = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];

/** The driver gives these no code. */
const MESSAGES =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|pool after calling end/;

/** Whether an error means that a database is away or busy, so that the same request may succeed later. */
export function isDatabaseFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && (SQLSTATE.test(code) || NETWORK.includes(code))) return true;
  if (MESSAGES.test(error.message)) return true;
  if (error instanceof AggregateError && error.errors.some(isDatabaseFailure)) return true;
  return isDatabaseFailure(driverError) || isDatabaseFailure(error.cause);
}
