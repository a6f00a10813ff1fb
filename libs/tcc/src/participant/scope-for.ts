import { currentContext } from '../context/execution-context.js';
import type { TransactionScope } from '../context/transaction-scope.js';
import { NestedTryError } from '../errors/nested-try.error.js';
import { NoGlobalTransactionError } from '../errors/no-global-transaction.error.js';
import { OpenLocalTransactionError } from '../errors/open-local-transaction.error.js';

/**
 * Where a branch belongs, if it may be opened here at all.
 *
 * @param name `participant.method`
 * @param scope the global transaction of this application around the caller
 * @param dataSource of the participant, where it is in this process
 * @throws NestedTryError, NoGlobalTransactionError, OpenLocalTransactionError
 */
export function scopeFor(
  name: string,
  scope: TransactionScope | undefined,
  dataSource: object | undefined,
): TransactionScope {
  const { branch, openOn } = currentContext();
  if (branch) throw new NestedTryError(name, `${branch.phase} of ${branch.name}`, branch.xid);
  if (!scope) throw new NoGlobalTransactionError(`Try of ${name}`);
  if (dataSource && openOn.some((local) => local.open && local.dataSource === dataSource))
    throw new OpenLocalTransactionError(name, scope.xid);
  return scope;
}
