/** What came back from the other side, whoever sent it. */
export interface CarrierAnswer {
  readonly text: string;
  readonly signature?: string;
  /** `Retry-After`, in milliseconds. */
  readonly retryAfterMs?: number;
  /** For errors: what it was, `HTTP 502` say. */
  readonly what: string;
}

/** Carries a body and its signature to a place, and brings back the answer. One for each transport. */
export interface Carrier {
  /**
   * @param limit how long to wait for the whole answer; `signal` gives up earlier
   * @throws any error when there is none
   */
  carry(
    parcel: { readonly body: string; readonly signature: string | undefined },
    limit: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<CarrierAnswer>;
  /** Nothing has come back for a while: what leads there may be dead without knowing it. */
  renew?(): Promise<void>;
  /** Gives connections back. */
  close(): Promise<void>;
}
