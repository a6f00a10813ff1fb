/** A moment on this process's monotonic clock, in milliseconds. Never compared with another process's or the database's. */
export type Monotonic = number;

/** Now, on a clock that no operator and no NTP step moves. */
export const monotonicNow = (): Monotonic => performance.now();
