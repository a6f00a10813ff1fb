import type { Covered } from './covered.js';
import { concurrency, decision, schema, outcome, deadline, key, propagation, payloads, recovery, operations, MATRIX, FATES, STOPPED, CELLS, LATE, LATE_ELSEWHERE, CANCELS_50, PARKED, POISONED, A_DAY, RACES_10K, RACES_600, REFUSES, HAPPY, SEQUENCE, NEIGHBOURS, RESTARTS, REMOTE, RETENTION, OPERATOR } from './tests.js';

/** What a framework of this kind is accepted by. */
export const ACCEPTANCE: readonly Covered[] = [
  { id: 'accept 1', about: 'happy path', tests: [HAPPY, SEQUENCE] },
  { id: 'accept 2', about: 'second try fails', tests: [REFUSES] },
  {
    id: 'accept 3',
    about: '100 confirms at once',
    tests: [concurrency('%s delivered 100 times at once has one effect and 100 successes')],
  },
  {
    id: 'accept 4',
    about: '100 cancels at once',
    tests: [concurrency('%s delivered 100 times at once has one effect and 100 successes')],
  },
  { id: 'accept 5', about: 'empty cancel', tests: [CELLS, CANCELS_50] },
  { id: 'accept 6', about: 'late try', tests: [LATE, LATE_ELSEWHERE] },
  {
    id: 'accept 7',
    about: 'try and cancel overlap, three isolation levels',
    tests: [
      concurrency('a cancel that meets an open try waits for it to %s'),
      concurrency('a try that meets an open cancel waits for it to %s'),
    ],
  },
  { id: 'accept 8', about: 'phases that must be refused', tests: [CELLS, PARKED] },
  {
    id: 'accept 9',
    about: 'try again what failed',
    tests: [outcome('lets the initiator try again what failed, as a branch of its own')],
  },
  {
    id: 'accept 10',
    about: 'the try’s result reaches confirm',
    tests: [
      payloads('arrive in confirm as they were given to the try, and so does its result'),
      payloads('arrive in cancel, and after a crash, in the same way'),
    ],
  },
  {
    id: 'accept 11',
    about: 'nesting and propagation',
    tests: [
      propagation('joins with REQUIRED, two and three levels deep'),
      propagation(
        'is independent with REQUIRES_NEW: kept when the outer is cancelled, cancelled when it throws itself',
      ),
      propagation('is refused by MANDATORY outside and by NEVER inside'),
    ],
  },
  {
    id: 'accept 12',
    about: 'idempotency key',
    tests: [
      key('runs once under 50 concurrent calls in two instances'),
      key('is refused with other arguments, in progress or done'),
      key(
        'gives the stored result of a confirmed transaction, Date and all, from every instance, without a second one',
      ),
    ],
  },
  {
    id: 'accept 13',
    about: '500 transactions at once keep their context',
    tests: [propagation('keeps 500 concurrent transactions with parallel tries apart')],
  },
  {
    id: 'accept 14',
    about: 'registration after the decision',
    tests: [
      decision('judges the status under the lock: what waited for the decision is refused with it'),
      ['libs/tcc-testing/src/contract/ledger-begin.ts', 'is refused after the decision also when it was done before'],
    ],
  },
  {
    id: 'accept 15',
    about: 'initiator slower than its deadline',
    tests: [deadline('cancels though the method still runs, tells it through the signal, and refuses its later tries')],
  },
  { id: 'accept 16', about: 'commit against timeout', tests: [RACES_10K, RACES_600] },
  { id: 'accept 17', about: 'initiator killed after each write', tests: [...MATRIX, FATES] },
  { id: 'accept 18', about: 'driver killed between answer and write', tests: MATRIX, open: REMOTE },
  { id: 'accept 19', about: 'driver stopped past its lease', tests: [STOPPED] },
  { id: 'accept 20', about: 'Postgres restarted under load', tests: [RESTARTS] },
  { id: 'accept 21', about: 'answers of participants', tests: [], open: REMOTE },
  {
    id: 'accept 22',
    about: 'clocks that are off',
    tests: [],
    open: 'instances ±10 minutes off: the soak (npm run soak)',
  },
  { id: 'accept 23', about: 'network between coordinator and participant', tests: [], open: REMOTE },
  { id: 'accept 24', about: 'a poisoned branch among 1000', tests: [POISONED, NEIGHBOURS] },
  {
    id: 'accept 25',
    about: 'a herd of overdue transactions',
    tests: [recovery('share 500 overdue transactions among four processes: each is driven, none twice')],
    open: '10 000 of them, measured: issue 5',
  },
  {
    id: 'accept 26',
    about: 'shutdown',
    tests: [
      ['test/chaos/shutdown.spec.ts', 'gives the lease of what does not end in time to another instance at once'],
      [
        'test/chaos/shutdown.spec.ts',
        'waits for a running phase two, which ends with its settlement written, and leaves nothing behind',
      ],
    ],
  },
  {
    id: 'accept 27',
    about: 'rolling deploy',
    tests: [
      recovery(
        'leave branches of an unknown participant to those who know it, and settle the others of its transaction',
      ),
      A_DAY,
    ],
  },
  {
    id: 'accept 28',
    about: 'parked, listed, resumed, skipped',
    tests: [
      operations('is found, with what it owes and why'),
      operations('is tried again'),
      operations('is settled by hand, and its participant is not called again'),
    ],
    open: OPERATOR,
  },
  { id: 'accept 29', about: 'no silent force-stop', tests: [], open: OPERATOR },
  { id: 'accept 30', about: 'retention', tests: [], open: RETENTION },
  {
    id: 'accept 31',
    about: 'migrations',
    tests: [
      schema('run once under twenty concurrent starts, and not again'),
      schema(
        'go from an older version to the newest, refuse it when told to check only, and keep what a failed step did not reach',
      ),
    ],
    open: 'while load runs, over the 5 million rows of issue 5',
  },
  {
    id: 'accept 32',
    about: 'payload over the limit',
    tests: [payloads('of 256 KiB less a little are taken'), payloads('of a message are refused in the same way')],
  },
  { id: 'accept 33', about: 'credentials and signatures', tests: [], open: REMOTE },
  { id: 'accept 34', about: 'metrics and traces', tests: [], open: OPERATOR },
  {
    id: 'accept 35',
    about: 'money is conserved under random faults',
    tests: [
      [
        'test/property/transactions.spec.ts',
        'settle all, take effect once and wholly or not at all, and tell every caller right',
      ],
    ],
  },
  {
    id: 'accept 36',
    about: 'a checker of what clients saw',
    tests: [],
    open: 'the bank checker of the soak (npm run soak)',
  },
  { id: 'accept 37', about: 'dtm’s wire protocol', tests: [], open: 'not planned in issues 3 to 5' },
];
