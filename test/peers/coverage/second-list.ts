import type { Covered } from './covered.js';
import { outcome, deadline, propagation, neighbours, MATRIX, FATES, PARKED, POISONED, A_DAY, HAPPY, ANEW, REMOTE, RETENTION, OPERATOR } from './tests.js';

/** What users of peers ran into: the second list. */
export const SECOND: readonly Covered[] = [
  {
    id: 'second 1',
    about: 'barrier and business in one local transaction',
    tests: [['test/integration/joining.spec.ts', '%s: kept when the phase succeeds, undone when it throws']],
  },
  { id: 'second 2', about: 'attempts, last error and next time of each branch', tests: [POISONED] },
  {
    id: 'second 3',
    about: 'a lost compare-and-set is no error',
    tests: [neighbours('losing a race against recovery is no error in anybody’s log')],
  },
  {
    id: 'second 4',
    about: 'malformed requests',
    tests: [
      [
        'test/e2e/http-fuzz.spec.ts',
        'is answered below 500 or with 503, each refusal with a code, and the books stay right',
      ],
    ],
    open: REMOTE,
  },
  { id: 'second 5', about: 'one conformance kit for every client', tests: [], open: REMOTE },
  {
    id: 'second 6',
    about: 'the documented sample uses the fence',
    tests: [
      [
        'test/docs/guide.spec.ts',
        'gives everything back when the wallet is empty too, and answers with the xid that can be asked for',
      ],
    ],
  },
  {
    id: 'second 7',
    about: 'cancel of the branch whose try failed',
    tests: [outcome('cancels a branch whose try failed after it had written, and leaves nothing of it'), ANEW],
  },
  {
    id: 'second 8',
    about: 'three levels deep',
    tests: [
      propagation('joins with REQUIRED, two and three levels deep'),
      propagation('cancels exactly the branches inside a joined method that threw, though the caller caught it'),
    ],
  },
  { id: 'second 9', about: 'death between the last try and the decision', tests: [...MATRIX, FATES] },
  {
    id: 'second 10',
    about: 'no transaction ends before all its branches',
    tests: [
      [
        'libs/tcc-testing/src/contract/ledger-decide.ts',
        'is refused while the ledger holds a branch that the driver did not settle',
      ],
    ],
    open: RETENTION,
  },
  {
    id: 'second 11',
    about: 'growing pauses between attempts',
    tests: [
      [
        'libs/tcc/src/coordinator/setback.spec.ts',
        'is retried within twice the pause of the time before, up to the cap, for ever',
      ],
    ],
  },
  {
    id: 'second 12',
    about: 'log noise; the initiator’s own look at its deadline',
    tests: [
      neighbours('losing a race against recovery is no error in anybody’s log'),
      deadline('cancels though the method still runs, tells it through the signal, and refuses its later tries'),
    ],
  },
  { id: 'second 13', about: 'retries without end; nobody is told', tests: [PARKED, A_DAY], open: OPERATOR },
  {
    id: 'second 14',
    about: 'recorded before acted; undone whatever happens to the initiator',
    tests: [
      [
        'test/protocol/ledger-trouble.spec.ts',
        'a registration whose answer is lost starts no try, and its branch is cancelled',
      ],
      ...MATRIX,
    ],
  },
  { id: 'second 15', about: 'Nest users asked for it', tests: [HAPPY] },
];
