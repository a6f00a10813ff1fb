import { ACCEPTANCE } from './acceptance.js';
import type { Covered } from './covered.js';
import { PEERS_OWN_TESTS } from './peers-own-tests.js';
import { SECOND } from './second-list.js';
import { TWENTY } from './twenty.js';

/** All four lists. */
export const COVERAGE: readonly Covered[] = [...TWENTY, ...SECOND, ...PEERS_OWN_TESTS, ...ACCEPTANCE];
