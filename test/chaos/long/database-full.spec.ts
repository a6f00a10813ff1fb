import { InDoubtError, LedgerUnavailableError } from 'nestjs-tcc';
import { createTestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { RestartablePostgres } from '../../support/faults/restartable-postgres.js';
import { SmallDisk } from '../../support/faults/small-disk.js';
import { useLoadedBank } from '../../support/faults/use-loaded-bank.js';

const used = useLoadedBank();

type Place = 'ledger' | 'north';

/**
 * Makes one kind of write fail as it does on a full disk. The error is raised by a trigger, so what fails and when is
 * exact, and everything behind it (rollback, connection, classification) is as it is with a full disk.
 */
async function full(place: Place, table: string, event: string, when = 'true'): Promise<void> {
  await used.sql(
    place,
    `create sequence if not exists failures;
     create or replace function disk_full() returns trigger language plpgsql as $$ begin
       perform nextval('failures');
       raise exception 'could not extend file: No space left on device' using errcode = '53100';
     end $$;
     alter sequence failures restart;
     create trigger full_disk before ${event} on ${table} for each row when (${when}) execute function disk_full()`,
  );
}
const freed = (place: Place, table: string): Promise<unknown> => used.sql(place, `drop trigger full_disk on ${table}`);
/** Counted by a sequence, which no rollback takes back. */
async function failures(place: Place): Promise<number> {
  const [row] = await used.sql<{ times: string }>(
    place,
    'select case when is_called then last_value else 0 end as times from failures',
  );
  return Number(row!.times);
}

interface Row {
  readonly what: string;
  readonly place: Place;
  readonly table: string;
  readonly event: string;
  readonly when?: string;
  /** What some caller must have heard besides success and its own error. */
  readonly heard?: new (...args: never[]) => Error;
  /** Fails each confirm now and then, so that there is something to hand back. */
  readonly troubled?: boolean;
}

describe('a write that fails as on a full disk (53100, raised by a trigger)', () => {
  it.each<Row>([
    { what: 'begin', place: 'ledger', table: 'tcc_transaction', event: 'insert', heard: LedgerUnavailableError },
    {
      what: 'registration',
      place: 'ledger',
      table: 'tcc_branch',
      event: 'insert',
      when: 'new.seq = 2',
      heard: LedgerUnavailableError,
    },
    {
      what: 'decision',
      place: 'ledger',
      table: 'tcc_transaction',
      event: 'update',
      when: `old.status = 'trying'`,
      heard: InDoubtError,
    },
    {
      what: 'settlement',
      place: 'ledger',
      table: 'tcc_transaction',
      event: 'update',
      when: 'new.settled_at is not null',
    },
    { what: 'hand-back', place: 'ledger', table: 'tcc_attempt', event: 'insert', troubled: true },
    { what: 'try', place: 'north', table: 'tcc_barrier', event: 'insert', when: `new.status = 'tried'`, heard: Error },
    { what: 'business of a try', place: 'north', table: 'hold', event: 'insert', heard: Error },
    { what: 'confirm', place: 'north', table: 'tcc_barrier', event: 'update', when: `new.status = 'confirmed'` },
    {
      what: 'cancel',
      place: 'north',
      table: 'tcc_barrier',
      event: 'insert or update',
      when: `new.status in ('cancelled', 'suspended')`,
    },
  ])(
    '$what: callers are told, and all is settled once there is space',
    async ({ place, table, event, when, heard, troubled }) => {
      await used.start();
      if (troubled) {
        let calls = 0;
        used.bank.hooks.inConfirm = () => {
          if (++calls % 3 === 0) throw new Error('not now');
        };
      }
      await used.load.progress(8);
      await full(place, table, event, when);
      const before = used.load.answers.length;
      const toldOf = (): boolean =>
        used.load.answers.some(
          ({ error }, index) =>
            index >= before && heard !== undefined && error instanceof heard && error.message !== 'changed its mind',
        );
      await eventually(async () => {
        expect(await failures(place)).toBeGreaterThan(4);
        expect(toldOf()).toBe(heard !== undefined);
      });
      await freed(place, table);
      expect(await used.load.progress(8)).toBeGreaterThanOrEqual(8);
      await used.ends();
    },
  );
});

/** As a participant's caller gets it: from the barrier, or through TypeORM. */
const noSpace = (error: Error | undefined): boolean => {
  const { code, driverError } = (error ?? {}) as { code?: string; driverError?: { code?: string } };
  return code === '53100' || driverError?.code === '53100';
};
const noLedger = (error: Error | undefined): boolean =>
  error instanceof LedgerUnavailableError || error instanceof InDoubtError;

(SmallDisk.isPossible() ? describe : () => undefined)('a disk that is full, for root', () => {
  let server: RestartablePostgres;
  let disks: Record<Place, SmallDisk>;
  const small = useLoadedBank(async () => {
    server = await RestartablePostgres.start();
    disks = { ledger: await SmallDisk.of(server, 'small_ledger'), north: await SmallDisk.of(server, 'small_north') };
    const [ledger, north] = [await disks.ledger.database(), await disks.north.database()];
    const south = await createTestDatabase();
    const drop = async (): Promise<void> => void (await Promise.all([ledger.drop(), north.drop(), south.drop()]));
    return { ledger, north, south, drop };
  });
  afterAll(async () => {
    await server?.drop();
    for (const disk of Object.values(disks ?? {})) disk.unmount();
  });

  it.each([
    ['ledger', noLedger],
    ['north', noSpace],
  ] as const)('of %s: callers are told, and all is settled once there is space', async (place, told) => {
    await small.start();
    await small.load.progress(8);
    await disks[place].fill(small.databases[place]);
    await eventually(() => expect(small.load.answers.some(({ error }) => told(error))).toBe(true), 20_000);
    await disks[place].free(small.databases[place]);
    expect(await small.load.progress(8)).toBeGreaterThanOrEqual(8);
    await small.ends();
  });
});
