import { idempotencyKeyOf, type BranchExecution } from './context/branch-execution.js';
import { currentContext } from './context/execution-context.js';
import type { Phase } from './core/status.js';
import { NoBranchError } from './errors/no-branch.error.js';
import type {
  AnyDefinition,
  ArgumentsOf,
  ParticipantDefinition,
  ResultOf,
} from './participant/participant-definition.js';

/**
 * `tcc.branch`: the phase that is running; called as a function, the way to a participant without decorators.
 *
 * @publicApi
 */
export interface BranchFacade<Manager> {
  /**
   * Calls a try (or message) of a participant that was given to `tcc.register()`.
   *
   * @throws what the try throws, and what a decorated try would
   */
  <T extends Record<string, AnyDefinition>, K extends keyof T & string>(
    participant: ParticipantDefinition<T>,
    name: K,
    ...args: ArgumentsOf<T[K]> extends readonly unknown[] ? ArgumentsOf<T[K]> : never
  ): Promise<ResultOf<T[K]>>;

  readonly xid: string;
  /** From 1, in the order in which the initiator called. */
  readonly seq: number;
  readonly phase: Phase;
  /** `xid:seq`: what a participant keeps for this branch is keyed by it, in every phase the same. */
  readonly idempotencyKey: string;
  /** EntityManager of the branch's local transaction. */
  readonly manager: Manager;
  /** In a try: aborts at the deadline and at the try's time limit. */
  readonly signal: AbortSignal;
}

/** @param call how to reach a participant without decorators */
export function branchFacade<Manager>(
  call: (participant: ParticipantDefinition, name: string, args: readonly unknown[]) => Promise<unknown>,
): BranchFacade<Manager> {
  const facade = (participant: ParticipantDefinition, name: string, ...args: unknown[]): Promise<unknown> =>
    call(participant, name, args);
  const field = (name: string, read: (branch: BranchExecution) => unknown): PropertyDescriptor => ({
    enumerable: true,
    get: () => {
      const { branch } = currentContext();
      const value = branch && read(branch);
      if (value === undefined) throw new NoBranchError(name);
      return value;
    },
  });
  Object.defineProperties(facade, {
    xid: field('xid', (branch) => branch.xid),
    seq: field('seq', (branch) => branch.seq),
    phase: field('phase', (branch) => branch.phase),
    idempotencyKey: field('idempotencyKey', idempotencyKeyOf),
    manager: field('manager', (branch) => branch.local?.manager),
    signal: field('signal', (branch) => branch.signal),
  });
  return facade as unknown as BranchFacade<Manager>;
}
