/** Something that may happen next. */
export interface ModelEvent {
  readonly label: string;
  /** It will happen sooner or later; the others need not. */
  readonly required: boolean;
  /** What it may touch besides the clock, see `Footprint`. What it turns out to look at is added while it runs. */
  readonly reads?: readonly string[];
  readonly writes: readonly string[];
  perform(): void | Promise<void>;
}

/** Part of a model that has events of its own. */
export interface EventSource {
  events(): readonly ModelEvent[];
  /** Its state, equal only when the same can happen. */
  digest(): string;
}
