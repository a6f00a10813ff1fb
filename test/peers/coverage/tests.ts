import type { Test } from './covered.js';

export const barrier = (title: string): Test => ['test/integration/barrier.spec.ts', title];
export const concurrency = (title: string): Test => ['test/integration/barrier-concurrency.spec.ts', title];
export const locking = (title: string): Test => ['test/integration/ledger-locking.spec.ts', title];
export const decision = (title: string): Test => ['test/integration/ledger-decision.spec.ts', title];
export const schema = (title: string): Test => ['test/integration/ledger-schema.spec.ts', title];
export const outcome = (title: string): Test => ['test/protocol/outcome.spec.ts', title];
export const kinds = (title: string): Test => ['test/protocol/branch-kinds.spec.ts', title];
export const deadline = (title: string): Test => ['test/protocol/deadline.spec.ts', title];
export const key = (title: string): Test => ['test/protocol/idempotency-key.spec.ts', title];
export const propagation = (title: string): Test => ['test/protocol/propagation.spec.ts', title];
export const payloads = (title: string): Test => ['test/providers/payloads.spec.ts', title];
export const recovery = (title: string): Test => ['test/chaos/recovery.spec.ts', title];
export const outage = (title: string): Test => ['test/chaos/outage.spec.ts', title];
export const operations = (title: string): Test => ['test/docs/operations.spec.ts', title];
export const races = (title: string): Test => ['test/peers/late-and-racing.spec.ts', title];
export const neighbours = (title: string): Test => ['test/peers/recovery-and-neighbours.spec.ts', title];

export const MATRIX: readonly Test[] = [
  ['test/chaos/crash-matrix.spec.ts', 'has rows, and every one of them got there'],
  ['test/chaos/crash-matrix.spec.ts', 'nothing is lost, doubled, held or at odds with what the caller was told'],
];
export const FATES: Test = ['test/chaos/crash-matrix.spec.ts', 'confirms what was decided to be confirmed, and nothing else'];
export const STOPPED: Test = [
  'test/chaos/stopped-driver.spec.ts',
  'at every step of driving: is refused whatever it writes, and does nothing twice',
];
export const CELLS = barrier('%s of a %s branch that is %s: %s, then %s');
export const LATE = races('is refused by an error of its own, each time it comes');
export const LATE_ELSEWHERE = races('is refused though the ledger and the participant are in different databases');
export const CANCELS_50 = races('are all done, leave one row, and none is refused, deadlocked or run');
export const ONE_CALL = recovery('call a slow participant once at a time, however much longer than lease and poll it takes');
export const PARKED = outcome('parks a branch that can never be confirmed, tells of it, and confirms the other');
export const POISONED = recovery(
  'settle 1000 healthy transactions beside poisoned branches, which are retried or parked with their history',
);
export const A_DAY = neighbours(
  'what nobody could reach for a day is parked with an event; the others settle, and the decision stands',
);
export const REASKED = outage('so with a key (%s): it ends as %s, and calling again gives that result or a new one');
export const RACES_10K = deadline('and a commit never both win, in 10 000 races');
export const RACES_600 = races(
  'tells no caller success where the deadline won, and no caller failure where the commit did: 600 races',
);
export const REFUSES = outcome('cancels the first branch when the second refuses, and passes the refusal on unchanged');
export const HAPPY = outcome('confirms every branch when the initiator returns, and gives confirm what the try returned');
export const SEQUENCE = kinds('in sequence confirms in order and cancels in reverse');
export const NEIGHBOURS = neighbours('a dead participant costs the transactions of others no time');
export const ANEW = kinds('a cancel asked for even if not tried is called for a try that was rolled back');
export const RESTARTS: Test = [
  'test/chaos/database-restarts.spec.ts',
  '$what: fast, immediate and killed; everything ends as callers were told, and goes on in between',
];

export const REMOTE = 'answers over HTTP and other transports: issue 4';
export const RETENTION = 'retention: issue 5';
export const OPERATOR = 'operator actions, metrics, webhooks: with the console, not built yet';

