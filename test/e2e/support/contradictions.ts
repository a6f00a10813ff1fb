import type { Snapshot } from '../../../apps/storefront/src/demo/snapshot.js';
import type { Done } from './clients.js';

const IN_DOUBT = 'TCC_IN_DOUBT';

/**
 * What clients were told and what is so, where the two differ.
 *
 * @param partsDie answers with 5xx are to be expected; they too must be true
 */
export function contradictions(
  done: readonly Done[],
  { orders, transactions }: Snapshot,
  { partsDie = false } = {},
): string[] {
  const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
  const ledgerOf = new Map(transactions.map(({ xid, status }) => [xid, status]));
  const acknowledged = done.flatMap(({ answer }) => (answer?.status === 201 ? [answer.body.orderId ?? ''] : []));
  const wrong: string[] = [];
  for (const id of acknowledged) {
    if (statusOf.get(id) !== 'confirmed') wrong.push(`order ${id} was acknowledged and is ${statusOf.get(id)}`);
  }
  if (new Set(acknowledged).size !== acknowledged.length) wrong.push('two keys were answered with one order');
  for (const { errand, answer } of done) {
    if (answer === undefined || answer.status === 201 || answer.body.code === 'TCC_IN_PROGRESS') continue;
    const ledger = ledgerOf.get(answer.body.xid ?? '');
    const isFailure = partsDie && answer.status >= 500;
    if (answer.status !== 409 && !isFailure) {
      wrong.push(`${JSON.stringify(errand)}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    // what ended before its first branch was never recorded
    const may = answer.body.code === IN_DOUBT ? ['confirmed', 'cancelled'] : ['cancelled'];
    if (isFailure ? ledger !== undefined && !may.includes(ledger) : ledger !== 'cancelled') {
      wrong.push(`${answer.body.xid} was answered with ${answer.body.code} and is ${ledger}`);
    }
  }
  // Each confirmed order beyond the acknowledged ones must be one whose answer was lost.
  const confirmed = orders.filter(({ status }) => status === 'confirmed').length;
  const lost = done.filter(({ answer }) => answer === undefined || answer.body.code === IN_DOUBT).length;
  if (confirmed > acknowledged.length + lost) {
    wrong.push(
      `${confirmed} orders are confirmed, ${acknowledged.length} were acknowledged, ${lost} answers were lost`,
    );
  }
  return wrong;
}
