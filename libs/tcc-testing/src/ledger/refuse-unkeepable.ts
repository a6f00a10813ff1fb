import { type LedgerBatch, LedgerFailure } from 'nestjs-tcc';

/**
 * Refuses what the Postgres ledger cannot keep exactly, so that a codec that does not escape it fails in unit tests too.
 *
 * @throws LedgerFailure `rejected`
 */
export function refuseUnkeepable({ begins, registers, decides }: LedgerBatch): void {
  for (const { fingerprint } of begins) check(fingerprint);
  for (const { branches } of [...begins, ...registers]) {
    for (const { participant, method, args } of branches) [participant, method, args].forEach(check);
  }
  for (const { result, owner } of decides) [result, owner].forEach(check);
}

function check(text: string | undefined): void {
  if (text === undefined || (!text.includes('\u0000') && text.isWellFormed())) return;
  throw new LedgerFailure(
    'rejected',
    new Error('a payload holds \\u0000 or half a surrogate pair: let the codec escape it'),
  );
}
