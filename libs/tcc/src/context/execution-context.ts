import { AsyncLocalStorage } from 'node:async_hooks';
import type { BranchExecution } from './branch-execution.js';
import type { TransactionScope } from './transaction-scope.js';

/** Small values that travel with a transaction, such as tenant or locale. */
export type Baggage = Readonly<Record<string, string>>;

/** A local transaction around the running code. What was started inside may go on when it has ended. */
export interface OpenLocalTransaction {
  readonly dataSource: object;
  open: boolean;
}

/** What the running code belongs to. Immutable: entering something makes a new one. */
export interface ExecutionContext {
  /** The global transaction (the innermost joined method of it) that tries called here belong to. */
  readonly scope?: TransactionScope | undefined;
  /** The phase that is running. */
  readonly branch?: BranchExecution | undefined;
  /** Local transactions that code around this one has opened, outside any phase. */
  readonly openOn: readonly OpenLocalTransaction[];
  readonly baggage: Baggage;
}

const NOTHING: ExecutionContext = { openOn: [], baggage: {} };

// Constructed, not written as a literal, so that V8 allocates it with the young objects (docs/performance.md).
class Context implements ExecutionContext {
  constructor(
    readonly scope: TransactionScope | undefined,
    readonly branch: BranchExecution | undefined,
    readonly openOn: readonly OpenLocalTransaction[],
    readonly baggage: Baggage,
  ) {}
}

// One storage for all copies of the library in a process (ES module beside CommonJS), else half of the calls would see
// no transaction.
const KEY = Symbol.for('nestjs-tcc:execution-context');
const shared = globalThis as { [KEY]?: AsyncLocalStorage<ExecutionContext> };
const storage = (shared[KEY] ??= new AsyncLocalStorage<ExecutionContext>());

/** What the caller belongs to. */
export const currentContext = (): ExecutionContext => storage.getStore() ?? NOTHING;

/** Runs `work` with parts of the context replaced. */
export function runWith<T>(change: Partial<ExecutionContext>, work: () => T): T {
  const { scope, branch, openOn, baggage } = currentContext();
  const changed = new Context(
    'scope' in change ? change.scope : scope,
    'branch' in change ? change.branch : branch,
    change.openOn ?? openOn,
    change.baggage ?? baggage,
  );
  return storage.run(changed, work);
}

/** Runs `work` outside everything, as a driver of phase two does. */
export function runDetached<T>(context: Partial<ExecutionContext>, work: () => T): T {
  const { scope, branch, openOn = NOTHING.openOn, baggage = NOTHING.baggage } = context;
  return storage.run(new Context(scope, branch, openOn, baggage), work);
}
