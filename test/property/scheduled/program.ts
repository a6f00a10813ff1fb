import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import fc from 'fast-check';
import { Recovery, Tcc } from 'nestjs-tcc';
import { First, RefusedError, Second } from './stage.js';
import type { World } from './world.js';

/** One thing that an initiator starts. All of them run at a time. */
export interface Task {
  readonly does: 'try' | 'message' | 'message that nobody waits for' | 'joined' | 'cancel only';
  readonly by: 'first' | 'second';
  /** A try refuses, a joined method throws in the end. */
  readonly fails: boolean;
  /** Whether the initiator waits for it. */
  readonly awaited: boolean;
}

export interface Program {
  readonly tasks: readonly Task[];
  /** Whether the initiator goes on although one of them has failed. */
  readonly catches: boolean;
  readonly throws: boolean;
  /** The deadline passes at some moment, and another instance recovers. */
  readonly late: boolean;
}

export const anyProgram: fc.Arbitrary<Program> = fc.record({
  tasks: fc.array(
    fc.record<Task>({
      does: fc.constantFrom('try', 'try', 'try', 'message', 'message that nobody waits for', 'joined', 'cancel only'),
      by: fc.constantFrom('first', 'second'),
      fails: fc.constantFrom(false, false, false, true),
      awaited: fc.constantFrom(true, true, true, false),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  catches: fc.boolean(),
  throws: fc.constantFrom(false, false, false, true),
  late: fc.constantFrom(false, false, false, false, true),
});

const SOON_MS = 25;

/** What was seen of a program while it ran. */
export interface Performance {
  readonly xid: string | undefined;
  readonly told: { readonly value: true } | { readonly error: unknown };
  /** Idempotency keys of tries whose success the initiator has waited for, and which no joined method took back. */
  readonly succeeded: readonly string[];
  /** Of tries that succeeded in a joined method which threw while the initiator ran. */
  readonly takenBack: readonly string[];
  /** Of tries that succeeded though they were called after the initiator had ended. */
  readonly tooLate: readonly string[];
  /** How many messages were called before the initiator ended. */
  readonly messages: number;
  readonly cancelOnly: boolean;
}

/** Runs it in one instance; the other one recovers. */
export async function perform(
  { tasks, catches, throws, late }: Program,
  world: World,
  scheduler: fc.Scheduler,
  [app, other]: readonly [INestApplicationContext, INestApplicationContext],
): Promise<Performance> {
  const tcc = app.get(Tcc);
  const actors = { first: app.get(First), second: app.get(Second) };
  let floating: Promise<unknown> | undefined;
  const succeeded: string[] = [];
  const takenBack: string[] = [];
  const tooLate: string[] = [];
  let [messages, cancelOnly, over] = [0, false, false];
  let xid: string | undefined;

  const start = async (task: Task, index: number): Promise<void> => {
    const actor = actors[task.by];
    await world.step(`${index} starts`);
    // what is told to a transaction that has ended is another matter
    if (over && task.does !== 'try') return;
    const mine: string[] = [];
    const late = over;
    switch (task.does) {
      case 'try':
        mine.push(await actor.act(String(index), task.fails));
        if (late) tooLate.push(...mine);
        break;
      case 'message':
        messages += 1;
        await actor.tell(String(index));
        break;
      case 'message that nobody waits for':
        messages += 1;
        actor.announce(String(index));
        break;
      case 'joined':
        await tcc.run({ name: 'joined' }, async () => {
          const [one, two] = await Promise.all([actor.act(`${index} a`, false), actors.first.act(`${index} b`, false)]);
          if (task.fails) {
            // what is decided is decided
            if (!over) takenBack.push(one, two);
            throw new RefusedError();
          }
          mine.push(one, two);
        });
        break;
      case 'cancel only':
        cancelOnly = true;
        tcc.transaction.cancelOnly();
    }
    if (task.awaited && !over) succeeded.push(...mine);
  };
  const initiate = (): Promise<Performance['told']> =>
    tcc
      .run({ name: 'program', timeout: late ? SOON_MS : '60s' }, async () => {
        xid = tcc.transaction.xid;
        try {
          const started = tasks.map(start);
          floating = Promise.allSettled(started);
          for (const ended of await Promise.allSettled(started.filter((_, index) => tasks[index]!.awaited)))
            if (ended.status === 'rejected' && !catches) throw ended.reason;
          if (throws) throw new RefusedError();
        } finally {
          over = true;
        }
      })
      .then(
        () => ({ value: true }) as const,
        (error: unknown) => ({ error }),
      );
  let initiator: ReturnType<typeof initiate> | undefined;
  await world.under(scheduler, () => {
    initiator = initiate();
    const recovering = late
      ? scheduler.scheduleSequence([
          { builder: () => pause(SOON_MS + 5), label: 'the deadline passes' },
          { builder: async () => void other.get(Recovery).runOnce(), label: 'the other one recovers' },
        ]).task
      : Promise.resolve();
    return [initiator, recovering];
  });
  await floating;
  return { xid, told: (await initiator)!, succeeded, takenBack, tooLate, messages, cancelOnly };
}
