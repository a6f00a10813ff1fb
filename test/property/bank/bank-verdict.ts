import { type BankSystem, FUNDS, type Wallets } from './bank-system.js';
import type { BankState } from './bank-commands.js';
import { planOf, type Side } from './script.js';
import type { Transfer } from './transfer.js';

const SIDES = ['north', 'south'] as const;

/** Everything that is wrong once all has settled; empty: nothing. */
export async function breaches({ transfers, see }: BankState, system: BankSystem): Promise<readonly string[]> {
  const owners = transfers.map(({ owner }) => owner);
  const xids = transfers.flatMap(({ xid }) => xid ?? []);
  const rows = await system.transactions(xids);
  const wallets = { north: await system.wallets('north', owners), south: await system.wallets('south', owners) };
  const found: string[] = [];
  const statusOf = ({ xid }: Transfer): string => rows.get(xid ?? '')?.status ?? 'nothing';
  for (const transfer of transfers) {
    const status = statusOf(transfer);
    const wrong = wrongWith(transfer, status, {
      north: wallets.north.get(transfer.owner)!,
      south: wallets.south.get(transfer.owner)!,
    });
    found.push(...wrong.map((what) => `${transfer.owner}: ${what}`));
    see(`${status}, told ${toldText(transfer)}`);
  }
  for (const { xid, parked, status } of rows.values()) {
    if (parked > 0) found.push(`${xid} is parked`);
    if (status !== 'confirmed' && status !== 'cancelled') found.push(`${xid} is ${status}`);
  }
  const keyed = transfers.filter(({ script }) => script.keyed);
  const holders = keyed.filter((transfer) => statusOf(transfer) === 'confirmed');
  if (holders.length > 1) found.push(`one key, and ${holders.length} confirmed`);
  for (const { told, owner } of keyed)
    if (told && 'value' in told && told.value !== owner && holders[0]?.owner !== told.value)
      found.push(`${owner} was given the result of ${told.value}, which is not confirmed`);
  for (const side of SIDES) {
    const left = await system.query<{ status: string }>(
      side,
      `select status from tcc_barrier where status = 'tried' and xid = any($1::uuid[])`,
      [xids],
    );
    if (left.length > 0) found.push(`${left.length} branches in the ${side} are neither confirmed nor cancelled`);
  }
  return found;
}

const toldText = ({ told }: Transfer): string =>
  told === undefined ? 'nothing' : 'value' in told ? 'its value' : told.error;

function wrongWith(transfer: Transfer, status: string, wallets: Record<Side, Wallets>): string[] {
  const { script, told, owner, disturbed } = transfer;
  const plan = planOf(script);
  const confirmed = status === 'confirmed';
  const wrong: string[] = [];
  for (const side of SIDES) {
    const { balance, held, gone, holds } = wallets[side];
    const expected = confirmed ? plan.gone[side] : 0;
    if (balance + held + gone !== FUNDS) wrong.push(`money was made or lost in the ${side}`);
    if (held !== 0 || holds !== 0) wrong.push(`${held} are held in the ${side}`);
    if (gone !== expected) wrong.push(`it is ${status}, and ${gone} are gone in the ${side}, not ${expected}`);
  }
  if (confirmed && !plan.confirms) wrong.push('it is confirmed and should not be');
  const ownValue = told && 'value' in told && told.value === owner;
  const works = plan.gone.north + plan.gone.south > 0;
  if (ownValue && plan.confirms && works && !confirmed)
    wrong.push(`it is ${status}, and its caller was told that it is done`);
  if (told && 'error' in told && told.error !== 'TCC_IN_DOUBT' && confirmed)
    wrong.push(`it is confirmed, and its caller was told ${told.error}`);
  if (!disturbed && !script.keyed && toldText(transfer) !== (plan.told === 'value' ? 'its value' : plan.told))
    wrong.push(`nothing disturbed it, and its caller was told ${toldText(transfer)}, not ${plan.told}`);
  return wrong;
}
