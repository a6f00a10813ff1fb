import type { BankApp } from '../../support/bank/bank-app.js';
import { NorthPurse, PurseError, SouthPurse } from './purse.participants.js';
import type { Call, Script } from './script.js';

/** Does what a script says, as an initiator. */
export async function perform(
  { steps, throws }: Script,
  owner: string,
  { app, tcc }: BankApp,
  wait: () => Promise<void>,
): Promise<void> {
  const purses = { north: app.get(NorthPurse), south: app.get(SouthPurse) };
  const call = async ({ call: method, from, end, amount }: Call): Promise<void> => {
    if (method === 'note') await purses[from].note(owner, amount);
    else await purses[from][method](owner, amount, end);
  };
  const oneByOne = async (calls: readonly Call[]): Promise<void> => {
    for (const each of calls) await call(each);
  };
  const together = async (calls: readonly Call[]): Promise<void> => {
    for (const ended of await Promise.allSettled(calls.map(call))) if (ended.status === 'rejected') throw ended.reason;
  };
  const joined = (calls: readonly Call[], throwing: boolean): Promise<void> =>
    tcc.run({ name: 'joined' }, async () => {
      await oneByOne(calls);
      if (throwing) throw new PurseError();
    });
  for (const step of steps) {
    if (step.do === 'wait') await wait();
    else if (step.do === 'cancel only') tcc.transaction.cancelOnly();
    else {
      const { calls, how, caught } = step;
      const done =
        how === 'one by one' ? oneByOne(calls) : how === 'together' ? together(calls) : joined(calls, how !== 'joined');
      await (caught ? done.catch(() => undefined) : done);
    }
  }
  if (throws) throw new PurseError();
}
