import type { Covered } from './covered.js';
import { barrier, concurrency, locking, outcome, kinds, deadline, propagation, outage, operations, neighbours, MATRIX, LATE, LATE_ELSEWHERE, CANCELS_50, REFUSES, HAPPY, SEQUENCE, OPERATOR } from './tests.js';

/** What dtm and tcc-transaction test. */
export const PEERS_OWN_TESTS: readonly Covered[] = [
  { id: 'dtm 1', about: 'normal', tests: [HAPPY] },
  {
    id: 'dtm 2',
    about: 'rollback, first cancel “ongoing”',
    tests: [REFUSES, kinds('“not yet” is called again and counts as no attempt')],
  },
  {
    id: 'dtm 3',
    about: 'timeout during a try; registration afterwards',
    tests: [
      deadline('cancels a try that is still under way when it passes, once it ends'),
      deadline('cancels though the method still runs, tells it through the signal, and refuses its later tries'),
    ],
  },
  {
    id: 'dtm 4',
    about: 'headers reach the branches; absent confirm and cancel succeed',
    tests: [
      kinds('baggage is there in every phase, recovery included'),
      kinds('a saga step takes effect at once, is left alone by confirm and undone by cancel'),
    ],
  },
  { id: 'dtm 5', about: 'nested', tests: [propagation('joins with REQUIRED, two and three levels deep')] },
  {
    id: 'dtm 6',
    about: 'coordinator away; initiator panics',
    tests: [
      outage('the ledger’s, at begin: the try does not start, and the next call goes through when it is back'),
      outcome('cancels every branch when the initiator throws, and passes its error on unchanged'),
    ],
  },
  { id: 'dtm 7', about: 'balances right with barrier', tests: [HAPPY, REFUSES] },
  { id: 'dtm 8', about: 'two cancels, then the late try', tests: [LATE, CANCELS_50] },
  {
    id: 'dtm 9',
    about: 'business panic rolls back',
    tests: [barrier('%s that throws its own error leaves row and status as they were')],
  },
  {
    id: 'dtm 10',
    about: 'a failed phase leaves no row, the next one succeeds',
    tests: [
      barrier('%s that throws its own error leaves row and status as they were'),
      barrier('an empty cancel that asks for it and fails leaves nothing behind, so that it is run again'),
    ],
  },
  {
    id: 'dtm 11',
    about: 'branches under a wrong status; duplicate transaction',
    tests: [
      ['libs/tcc-testing/src/contract/ledger-begin.ts', 'is refused after the decision also when it was done before'],
      ['libs/tcc-testing/src/contract/ledger-begin.ts', 'changes nothing when it is sent again'],
    ],
  },
  {
    id: 'dtm 12',
    about: 'compare-and-set on the status',
    tests: [['libs/tcc-testing/src/contract/ledger-decide.ts', 'lets one of two that race win']],
  },
  {
    id: 'dtm 13',
    about: 'claimed once',
    tests: [
      ['libs/tcc-testing/src/contract/ledger-claim.ts', 'leases what it takes: the next claim finds nothing'],
      locking('of four instances at once never take one transaction twice, and leave none'),
    ],
  },
  {
    id: 'dtm 14',
    about: 'due times pulled forward',
    tests: [
      ['test/chaos/shutdown.spec.ts', 'gives the lease of what does not end in time to another instance at once'],
      operations('is tried again'),
    ],
    open: OPERATOR,
  },
  { id: 'dtm 15', about: 'administration', tests: [operations('is found, with what it owes and why')], open: OPERATOR },
  {
    id: 'dtm 16',
    about: 'told of repeated failure',
    tests: [
      neighbours(
        'a branch that fails and fails raises an alert from its eighth attempt on, and is tried again all the same',
      ),
    ],
    open: OPERATOR,
  },
  {
    id: 'dtm 17',
    about: 'batched updates arrive',
    tests: [
      [
        'test/integration/group-commit-postgres.spec.ts',
        'repeats every kind of write whose answer was lost, and each has one effect',
      ],
    ],
  },
  {
    id: 'dtm 18',
    about: 'repeated confirm is success',
    tests: [concurrency('%s delivered 100 times at once has one effect and 100 successes')],
  },
  {
    id: 'dtm 19',
    about: 'local transaction and message',
    tests: [kinds('a message runs after the other branches have confirmed, and not at all when cancelled'), ...MATRIX],
  },
  {
    id: 'dtm 20',
    about: 'order; retry limits; waiting',
    tests: [SEQUENCE, kinds('in sequence a branch waits for the one before it that has to be repeated')],
  },
  {
    id: 'dtm 21',
    about: 'tcc-transaction’s call traces: normal, failed, timed out, cancelled before it began',
    tests: [SEQUENCE, deadline('cancels a try that is still under way when it passes, once it ends'), LATE_ELSEWHERE],
  },
];
