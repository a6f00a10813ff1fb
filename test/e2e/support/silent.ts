const nothing = (): void => undefined;

/** Faults are on purpose here. */
export const SILENT = { log: nothing, warn: nothing, error: nothing };
