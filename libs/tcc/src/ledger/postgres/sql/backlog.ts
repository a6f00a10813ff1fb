import { storableKey } from '../../../core/idempotency-key.js';
import type { Statement } from './statement.js';

/**
 * How much of a service is open. $1 service.
 *
 * What has a due time is open and not only waiting for an operator; the two partial indexes hold just these rows.
 */
const TEXT = `
select
  (select count(*) from tcc_transaction where service = $1 and due_at is not null)::int as open,
  (select count(*) from tcc_branch b join tcc_transaction t on t.xid = b.xid
    where t.service = $1 and t.settled_at is null and b.parked_at is not null and b.settled_at is null)::int as parked`;

export const backlog = (service: string): Statement<{ open: number; parked: number }> => ({
  name: 'tcc-backlog-2',
  text: TEXT,
  values: [storableKey(service)],
});
