import fc from 'fast-check';
import { FAULT_POINTS, type FaultPoint, Recovery } from 'nestjs-tcc';
import { expectSame } from '../expect-same.js';
import type { BankSystem } from './bank-system.js';
import type { Doom, MortalBank } from './mortal-bank.js';
import { redeliver } from './redeliver.js';
import { anyScript, scriptText } from './script.js';
import { Transfer } from './transfer.js';

/** What has been begun, and what is known of it. */
export interface BankState {
  /** Of this run. */
  readonly key: string;
  readonly owners: readonly string[];
  readonly transfers: Transfer[];
  /** Whether a transaction was decided to confirm, by xid: a decision never changes. */
  readonly decisions: Map<string, boolean>;
  readonly see: (what: string) => void;
}

export type BankCommand = fc.AsyncCommand<BankState, BankSystem>;

/**
 * Those of participants without barrier or elsewhere, and of an instance that drives for long, do not come. A process that
 * stalls at a registration is no other case than one that stalls at a begin, and would wait for it when it is closed.
 */
const POINTS = FAULT_POINTS.filter((point) => !/^(call|answer)\.|^ledger\.(register|renew|release)\./.test(point));
/** Held there, the process has nothing open in a bank's database that others would have to wait for. */
const HARMLESS: readonly FaultPoint[] = POINTS.filter((point) => !/opened|committing/.test(point));

const anyPlace = fc.integer({ min: 0, max: 1 });
const anyNumber = fc.nat({ max: 7 });

const pick = <T>(items: readonly T[], nth: number): T | undefined => items[nth % Math.max(1, items.length)];

/** Once everything is quiet, every decision that there was must still stand. */
async function look(state: BankState, system: BankSystem): Promise<void> {
  for (const transfer of state.transfers) await transfer.quiet();
  for (const [xid, { status }] of await system.transactions(state.transfers.flatMap(({ xid }) => xid ?? []))) {
    if (status === 'trying') continue;
    const confirm = status.startsWith('confirm');
    expectSame(`${xid} is to confirm`, confirm, state.decisions.get(xid) ?? confirm);
    state.decisions.set(xid, confirm);
  }
}

const command = (text: string, run: (state: BankState, system: BankSystem) => Promise<void> | void): BankCommand => ({
  check: () => true,
  run: async (state, system) => {
    await run(state, system);
    await look(state, system);
  },
  toString: () => text,
});

const disturb = ({ transfers }: BankState, instance: MortalBank): void => {
  for (const transfer of transfers) if (transfer.instance === instance && !transfer.told) transfer.disturbed = true;
};

const begin = fc.tuple(anyPlace, anyScript).map(([place, script]) =>
  command(`begin at ${place}: ${scriptText(script)}`, async (state, system) => {
    const owner = state.owners[state.transfers.length];
    if (owner === undefined) return;
    const instance = await system.at(place);
    const transfer = new Transfer(owner, script, instance);
    transfer.disturbed = !instance.active || instance.doomed;
    state.transfers.push(transfer);
    system.begin(transfer, script.keyed ? state.key : undefined);
  }),
);

const goOn = anyNumber.map((nth) =>
  command(`let waiting ${nth} go on`, ({ transfers }) =>
    pick(
      transfers.filter(({ waits }) => waits),
      nth,
    )?.go(),
  ),
);

const doom: fc.Arbitrary<BankCommand> = fc
  .record({
    place: anyPlace,
    doom: fc.oneof(
      fc.record<Doom>({
        point: fc.constantFrom(...POINTS),
        nth: fc.integer({ min: 1, max: 2 }),
        fate: fc.constant('dies'),
      }),
      fc.record<Doom>({ point: fc.constantFrom(...HARMLESS), nth: fc.constant(1), fate: fc.constant('stalls') }),
    ),
  })
  .map((it) =>
    command(`${it.place} ${it.doom.fate} at ${it.doom.point} ${it.doom.nth}`, async (state, system) => {
      const instance = await system.at(it.place);
      instance.expect(it.doom, () => state.see(`${it.doom.fate} at ${it.doom.point}`));
      disturb(state, instance);
    }),
  );

const kill = anyPlace.map((place) =>
  command(`kill ${place}`, (state, { places }) => {
    const instance = places[place];
    if (!instance || instance.dead) return;
    disturb(state, instance);
    instance.die();
    state.see('killed');
  }),
);

const wake = anyPlace.map((place) =>
  command(`wake ${place}`, (_, { places }) => {
    if (places[place]?.dead === false) places[place].wake();
  }),
);

const expireDeadlines = fc.constant(null).map(() =>
  command('deadlines pass', async ({ transfers, see }, system) => {
    const expired = await system.expireDeadlines();
    for (const transfer of transfers)
      if (transfer.xid !== undefined && expired.includes(transfer.xid)) transfer.disturbed = true;
    if (expired.length > 0) see('deadline passed');
  }),
);

const expireLeases = fc.constant(null).map(() => command('leases run out', (_, system) => system.expireLeases()));

const recover = anyPlace.map((place) =>
  command(`recover at ${place}`, async ({ see }, system) => {
    const instance = await system.at(place);
    if (!instance.active) return;
    const claimed = await Promise.race([
      instance.bank.app
        .get(Recovery)
        .runOnce()
        .catch(() => 0),
      instance.halted,
    ]);
    if (claimed) see('recovered');
  }),
);

const deliverAgain = fc
  .record({ place: anyPlace, transfer: anyNumber, nth: anyNumber, asTry: fc.boolean() })
  .map((it) =>
    command(`deliver again at ${JSON.stringify(it)}`, async ({ transfers, see }, system) => {
      const instance = await system.at(it.place);
      const transfer = pick(transfers, it.transfer);
      if (!instance.active || transfer?.xid === undefined) return;
      const said = await Promise.race([redeliver(system, instance, transfer.xid, it), instance.halted]);
      see(`delivered again: ${said ?? 'nobody answers'}`);
      // whatever it meets, it was decided: to refuse it would be to park the branch
      if (!it.asTry) expectSame('refused', said === 'TCC_BARRIER_REFUSED', false);
    }),
  );

const often = (times: number, any: fc.Arbitrary<BankCommand>): fc.Arbitrary<BankCommand>[] => Array(times).fill(any);

export const bankCommands: fc.Arbitrary<BankCommand>[] = [
  ...often(6, begin),
  ...often(4, goOn),
  ...often(4, doom),
  ...often(3, recover),
  ...often(2, deliverAgain),
  ...often(2, expireLeases),
  expireDeadlines,
  wake,
  kill,
];
