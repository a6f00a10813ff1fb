import { RESTATE_SERVER } from './restate/program.mjs';

/**
 * What one process does its work with. `transfer` resolves when the caller has its answer; with `settlesLater` it calls
 * `settled` once both sides have confirmed, else that is the same moment.
 *
 * @typedef {{ from: number, to: number }} Accounts
 * @typedef {object} Subject
 * @property {(accounts: Accounts, settled: () => void) => Promise<unknown>} transfer
 * @property {() => Promise<unknown>} stop
 * @property {boolean} [settlesLater]
 * @property {number} [peerPid] process id of a server of the mode's own
 * @property {number} [before] transfers that it needed to get ready
 *
 * @typedef {{ north: string, south: string, ledger: string }} Urls
 * @typedef {(place: { urls: Urls, poolSize: number, concurrency: number, wire: import('../counters/wire.mjs').WireCounter }, options: object) => Promise<Subject>} Start
 */

const floor = () => import('./floor.mjs');
const pg = () => import('./pg.mjs');
const naive = () => import('./naive.mjs');
const tcc = () => import('./tcc.mjs');
const dbos = () => import('./dbos.mjs');
const restate = () => import('./restate.mjs');
const defined = () => import('./tcc-defined.mjs');

/**
 * The modes by name, in the order of the table. `base`: what its ratios are to. `peer`: needs the
 * packages of bench/peers. `program`: of them, not there for every system. `against`: what it is measured in turn with
 * besides its base. `extra`: only when asked for by name.
 *
 * @type {Record<string, { about: string, load: () => Promise<{ start: Start }>, options?: object, base?: string, against?: string, peer?: true, program?: string, extra?: true }>}
 */
export const MODES = {
  floor: { about: 'by hand over TypeORM: four round trips a local transaction, no ledger', load: floor },
  tcc: { about: 'nestjs-tcc', load: tcc },
  'tcc-background': {
    about: "nestjs-tcc, phaseTwo: 'background'",
    load: tcc,
    options: { phaseTwo: 'background' },
  },
  'floor-parallel': { about: 'the floor, both tries at once', load: floor, options: { triesTogether: true } },
  'tcc-parallel': {
    about: 'nestjs-tcc, both tries at once',
    load: tcc,
    options: { triesTogether: true },
    base: 'floor-parallel',
  },
  'tcc-defined': { about: 'nestjs-tcc, participants without decorators', load: defined, extra: true },
  naive: { about: 'the floor with a naive ledger of seven commits', load: naive },
  pg4: { about: 'by hand over pg, four round trips', load: pg },
  pg1: { about: 'by hand over pg, one round trip', load: pg, options: { oneStatement: true } },
  dbos: { about: 'DBOS: a workflow of four steps over pg', load: dbos, peer: true, against: 'tcc' },
  restate: {
    about: 'Restate: a handler of four steps over pg',
    load: restate,
    peer: true,
    against: 'tcc',
    program: RESTATE_SERVER,
  },
};

/** What the ratios of a mode are to. */
export const baseOf = (mode) => MODES[mode].base ?? 'floor';
