import { inspect } from 'node:util';

/** What a thrown value says, whatever it is: business code may throw anything, even what cannot be made a string. */
export function describeError(error: unknown): string {
  try {
    if (error instanceof Error && typeof error.message === 'string') return error.message;
    return typeof error === 'string' ? error : inspect(error, { depth: 2, breakLength: Infinity });
  } catch {
    return 'an error that cannot be described';
  }
}

/** Its code, or the name of its class. */
export function codeOfError(error: unknown): string {
  try {
    const code = (error as { code?: unknown } | null | undefined)?.code;
    if (typeof code === 'string') return code;
    return error instanceof Error && typeof error.name === 'string' ? error.name : typeof error;
  } catch {
    return typeof error;
  }
}
