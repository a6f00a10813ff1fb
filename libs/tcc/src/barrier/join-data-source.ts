import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { currentContext, runWith } from '../context/execution-context.js';

type CreateQueryRunner = DataSource['createQueryRunner'];
type Work = (manager: EntityManager) => Promise<unknown>;

/** `EntityManager.transaction` without its overloads. */
interface AnyTransactions {
  transaction(...args: unknown[]): Promise<unknown>;
}

/** What was patched, kept on the DataSource itself: two copies of the library in one process must patch it once. */
interface Joining {
  users: number;
  readonly original: CreateQueryRunner;
  readonly undo: () => void;
}

const JOINED = Symbol.for('nestjs-tcc:joined-data-source');

const joiningOf = (dataSource: DataSource): Joining | undefined => (dataSource as { [JOINED]?: Joining })[JOINED];

/** Makes runners of the DataSource's pool, whatever phase is running. */
export const originalCreateQueryRunner = (dataSource: DataSource): CreateQueryRunner =>
  joiningOf(dataSource)?.original ?? dataSource.createQueryRunner.bind(dataSource);

/**
 * Makes everything that asks this DataSource for a runner inside a phase join the branch's local transaction: injected
 * repositories, query builders, `save`, `transaction`, raw queries. A manager or a runner made before the phase does
 * not join. Outside phases only one thing changes: inside `transaction(callback)` the context knows that one is open.
 *
 * Joining twice patches once.
 *
 * @returns undoes this call; the last one takes the patch away
 */
export function joinDataSource(dataSource: DataSource): () => void {
  const joining = joiningOf(dataSource) ?? patch(dataSource);
  joining.users += 1;
  let undone = false;
  return () => {
    if (undone) return;
    undone = true;
    joining.users -= 1;
    if (joining.users === 0) joining.undo();
  };
}

function patch(dataSource: DataSource): Joining {
  const original = dataSource.createQueryRunner.bind(dataSource);
  const { manager } = dataSource;
  const originalTransaction = (manager as unknown as AnyTransactions).transaction.bind(manager);

  const restoreRunners = replace(dataSource, 'createQueryRunner', (mode) => joinedRunner(dataSource) ?? original(mode));
  const transaction = async (...args: unknown[]): Promise<unknown> => {
    const joined = joinedRunner(dataSource)?.manager;
    if (joined) return (joined as unknown as AnyTransactions).transaction(...args);
    const { openOn } = currentContext();
    const within =
      (work: Work): Work =>
      async (transactional) => {
        const local = { dataSource, open: true };
        try {
          return await runWith({ openOn: [...openOn, local] }, () => work(transactional));
        } finally {
          local.open = false;
        }
      };
    return originalTransaction(...args.map((value) => (typeof value === 'function' ? within(value as Work) : value)));
  };
  const restoreTransactions = replace(manager, 'transaction', transaction as EntityManager['transaction']);

  const joining: Joining = {
    users: 0,
    original,
    undo: () => {
      restoreRunners();
      restoreTransactions();
      delete (dataSource as { [JOINED]?: Joining })[JOINED];
    },
  };
  Object.defineProperty(dataSource, JOINED, { value: joining, configurable: true });
  return joining;
}

/** @throws PhaseEndedError when the caller belongs to a phase that has ended */
function joinedRunner(dataSource: DataSource): QueryRunner | undefined {
  const { branch } = currentContext();
  const local = branch?.local;
  return local?.dataSource === dataSource ? (local.createQueryRunner() as QueryRunner) : undefined;
}

/** @returns puts back what was there, unless somebody else has replaced it since */
function replace<T extends object, K extends keyof T>(target: T, key: K, value: T[K]): () => void {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable: false });
  return () => {
    if (Object.getOwnPropertyDescriptor(target, key)?.value !== value) return;
    if (before) Object.defineProperty(target, key, before);
    else Reflect.deleteProperty(target, key);
  };
}
