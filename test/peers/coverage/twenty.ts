import type { Covered } from './covered.js';
import { decision, outcome, key, payloads, recovery, operations, races, neighbours, MATRIX, FATES, STOPPED, CELLS, LATE, LATE_ELSEWHERE, CANCELS_50, ONE_CALL, PARKED, POISONED, A_DAY, REASKED, RACES_10K, RACES_600, NEIGHBOURS, ANEW, RESTARTS, REMOTE, RETENTION, OPERATOR } from './tests.js';

/** What users of peers ran into: the twenty that teach most. */
export const TWENTY: readonly Covered[] = [
  { id: 'issue 1', about: 'late try answered as success', tests: [LATE, LATE_ELSEWHERE, CELLS], open: RETENTION },
  { id: 'issue 2', about: 'confirm that can never succeed', tests: [PARKED, POISONED] },
  {
    id: 'issue 3',
    about: 'ledger dies in phase two',
    tests: [
      neighbours(
        'a ledger that dies between the decision and the last confirm: all settles when it is back, also a %s',
      ),
      RESTARTS,
    ],
  },
  {
    id: 'issue 4',
    about: 'commit against timeout; branch after the decision',
    tests: [
      RACES_10K,
      RACES_600,
      races('refuses a branch whose registration arrives when recovery has cancelled'),
      decision('judges the status under the lock: what waited for the decision is refused with it'),
      decision(
        'leaves no branch unseen by whoever reads after the decision, in hundreds of shuffled rounds without deadlock',
      ),
    ],
  },
  { id: 'issue 5', about: 'several schedulers on one transaction', tests: [ONE_CALL, STOPPED] },
  { id: 'issue 6', about: 'slow confirm started again while leased', tests: [ONE_CALL] },
  { id: 'issue 7', about: 'initiator killed at every step', tests: [...MATRIX, FATES] },
  {
    id: 'issue 8',
    about: 'initiator killed before its first branch',
    tests: [...MATRIX, key('taken by an initiator that died is free after the deadline')],
  },
  {
    id: 'issue 9',
    about: 'recovery touches what runs; a participant decides alone',
    tests: [neighbours('recovery never touches a transaction that is still running, however often it looks')],
    open: REMOTE,
  },
  { id: 'issue 10', about: 'late try, ledger and participant in different databases', tests: [LATE_ELSEWHERE] },
  { id: 'issue 11', about: 'try fails after an effect outside', tests: [ANEW] },
  { id: 'issue 12', about: '50 cancels at once of a missing try, three isolation levels', tests: [CANCELS_50] },
  {
    id: 'issue 13',
    about: 'empty cancel retried for ever',
    tests: [neighbours('the cancel of a try that took no effect settles at the first attempt, and runs nothing')],
  },
  {
    id: 'issue 14',
    about: 'branches that appear after the decision',
    tests: [
      races('never adds a branch to a decided transaction: neither late tries, nor failed attempts, nor recovery'),
    ],
  },
  {
    id: 'issue 15',
    about: 'lost reply of the commit',
    tests: [
      REASKED,
      [
        'test/chaos/crash-matrix.spec.ts',
        'gives the result of a confirmed key to whoever asks again, and runs a cancelled one anew',
      ],
    ],
  },
  { id: 'issue 16', about: 'result found by text in a body', tests: [], open: REMOTE },
  {
    id: 'issue 17',
    about: 'what happens after the retries',
    tests: [
      A_DAY,
      neighbours(
        'a branch that fails and fails raises an alert from its eighth attempt on, and is tried again all the same',
      ),
      outcome('stands by the decision when a confirm fails, and confirms later'),
      operations('is tried again'),
      operations('is settled by hand, and its participant is not called again'),
    ],
    open: OPERATOR,
  },
  {
    id: 'issue 18',
    about: 'one dead participant starves the others',
    tests: [
      NEIGHBOURS,
      neighbours('no database holds a transaction open while a third party takes its time, in any phase'),
      recovery(
        'settle healthy transactions though more than they drive at a time hang, and go away when they are told to',
      ),
    ],
  },
  {
    id: 'issue 19',
    about: 'arguments lost at a restart; ledger grows while idle',
    tests: [
      neighbours('a message keeps its arguments over a restart, whatever their type'),
      payloads('arrive in cancel, and after a crash, in the same way'),
      neighbours('an idle application writes nothing: neither for what is parked, nor for what is not due'),
    ],
  },
  {
    id: 'issue 20',
    about: 'recovery of its own running work; stale writes',
    tests: [
      STOPPED,
      [
        'test/chaos/stopped-process.spec.ts',
        'before it settles: the other has taken over, and the stale settle is refused',
      ],
    ],
  },
];
