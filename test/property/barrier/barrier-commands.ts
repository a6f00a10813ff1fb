import fc from 'fast-check';
import type { BarrierCall, Phase } from 'nestjs-tcc';
import { branch } from '../../support/barrier-bench.js';
import { expectSame } from '../expect-same.js';
import { ENDINGS, type Ending, type ModelBranch } from './barrier-model.js';
import type { BarrierSystem } from './barrier-system.js';

/** The branches of one transaction, by seq from 1. */
export interface BarrierModel {
  readonly xid: string;
  readonly branches: readonly ModelBranch[];
  /** For a look at what was covered. */
  readonly see: (answer: string) => void;
}

type Command = fc.AsyncCommand<BarrierModel, BarrierSystem>;

interface Sent {
  readonly seq: number;
  readonly phase: Phase;
  readonly ending: Ending;
}

const sentText = ({ seq, phase, ending }: Sent): string => `${phase} of ${seq} ${ending}`;

function callOf({ xid, branches }: BarrierModel, { seq, phase }: Sent): BarrierCall {
  const { kind, evenIfNotTried } = branches[seq - 1]!;
  return branch({ xid, seq, kind, evenIfNotTried })[phase];
}

/** Everything that the database holds must be what the model says, and nothing else. */
async function compare({ xid, branches }: BarrierModel, system: BarrierSystem): Promise<void> {
  const { rows, effects } = await system.look(xid);
  const expected = new Map<string, number>();
  branches.forEach((each, index) => {
    for (const [phase, times] of Object.entries(each.effects)) {
      if (times > 0) expected.set(`${index + 1} ${phase}`, 1); // never more than once
    }
  });
  const found = branches.map((_, index) => rows.get(index + 1) ?? 'none');
  expectSame(
    'rows',
    found,
    branches.map(({ row }) => row),
  );
  expectSame('effects', effects, expected);
}

class Deliver implements Command {
  constructor(private readonly sent: Sent) {}

  check = (): boolean => true;

  async run(model: BarrierModel, system: BarrierSystem): Promise<void> {
    const { seq, phase, ending } = this.sent;
    const answer = await system.deliver(callOf(model, this.sent), ending);
    expectSame('answer', answer, model.branches[seq - 1]!.deliver(phase, ending));
    model.see(answer);
    await compare(model, system);
  }

  toString = (): string => `[${sentText(this.sent)}]`;
}

/** Two deliveries at a time; the first one is at work when the second one arrives. */
class Overlap implements Command {
  constructor(
    private readonly first: Sent,
    private readonly second: Sent,
  ) {}

  check = (): boolean => true;

  async run(model: BarrierModel, system: BarrierSystem): Promise<void> {
    const { first, second } = this;
    const [one, two, waited] = await system.overlap(
      [callOf(model, first), first.ending],
      [callOf(model, second), second.ending],
    );
    if (first.seq === second.seq) {
      const expected = model.branches[first.seq - 1]!.overlap(
        [first.phase, first.ending],
        [second.phase, second.ending],
        waited,
      );
      expectSame('answers', [one, two], expected);
    } else {
      // branches are independent
      expectSame('waited', waited, false);
      expectSame('second', two, model.branches[second.seq - 1]!.deliver(second.phase, second.ending));
      expectSame('first', one, model.branches[first.seq - 1]!.deliver(first.phase, first.ending));
    }
    model.see(one);
    model.see(two);
    await compare(model, system);
  }

  toString = (): string => `[${sentText(this.first)} | ${sentText(this.second)}]`;
}

/** @param branches how many there are */
export function barrierCommands(branches: number): fc.Arbitrary<Command>[] {
  const ending: fc.Arbitrary<Ending> = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Ending>('returns') },
    { weight: 2, arbitrary: fc.constantFrom(...ENDINGS) },
  );
  const sent = (endings: fc.Arbitrary<Ending>): fc.Arbitrary<Sent> =>
    fc.record({
      seq: fc.integer({ min: 1, max: branches }),
      phase: fc.constantFrom<Phase>('try', 'confirm', 'cancel'),
      ending: endings,
    });
  // Between the attempts of a delivery that is run again, who comes first is up to the database.
  const once = ending.filter((each) => !each.startsWith('conflicts'));
  return [
    sent(ending).map((each) => new Deliver(each)),
    fc
      .tuple(sent(once), sent(ending), fc.boolean())
      .map(([first, second, same]) => new Overlap(first, same ? { ...second, seq: first.seq } : second)),
  ];
}
