/**
 * What a method under `@GlobalTransaction()` does about a global transaction that is active around it.
 *
 * @publicApi
 */
export enum Propagation {
  /** Joins the active one, or begins one. The default. */
  REQUIRED = 'REQUIRED',
  /** Always begins one of its own; the active one is untouched by how it ends. */
  REQUIRES_NEW = 'REQUIRES_NEW',
  /** Joins the active one; without one it is refused. */
  MANDATORY = 'MANDATORY',
  /** Joins the active one; without one it runs without. */
  SUPPORTS = 'SUPPORTS',
  /** Runs without one: tries inside are refused. */
  NOT_SUPPORTED = 'NOT_SUPPORTED',
  /** Runs without one; inside one it is refused. */
  NEVER = 'NEVER',
}

/** What to do. */
export type PropagationRuling = 'begin' | 'join' | 'without' | 'refuse-none' | 'refuse-active';

/** @param active whether a global transaction is active around the call */
export function rulePropagation(propagation: Propagation, active: boolean): PropagationRuling {
  switch (propagation) {
    case Propagation.REQUIRED:
      return active ? 'join' : 'begin';
    case Propagation.REQUIRES_NEW:
      return 'begin';
    case Propagation.MANDATORY:
      return active ? 'join' : 'refuse-none';
    case Propagation.SUPPORTS:
      return active ? 'join' : 'without';
    case Propagation.NOT_SUPPORTED:
      return 'without';
    case Propagation.NEVER:
      return active ? 'refuse-active' : 'without';
  }
}
