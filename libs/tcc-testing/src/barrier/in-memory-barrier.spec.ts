import type { BarrierCall } from 'nestjs-tcc';
import { InMemoryBarrier } from './in-memory-barrier.js';

const call = (phase: BarrierCall['phase'], change: Partial<BarrierCall> = {}): BarrierCall => ({
  xid: 'x1',
  seq: 1,
  phase,
  kind: 'tcc',
  branch: 'payment.authorize',
  ...change,
});

const RAN = { ran: true, value: 'ran' };
const run = (): Promise<string> => Promise.resolve('ran');
const fail = (): Promise<string> => Promise.reject(new Error('card refused'));
const never = (): Promise<string> => Promise.reject(new Error('business code ran'));

/** A barrier on which these phases were delivered before, in this order. */
async function after(...phases: BarrierCall['phase'][]): Promise<InMemoryBarrier> {
  const barrier = new InMemoryBarrier();
  for (const phase of phases) await barrier.run(call(phase), run);
  return barrier;
}

describe('InMemoryBarrier', () => {
  it.each([
    ['try', [], 'tried'],
    ['confirm', ['try'], 'confirmed'],
    ['cancel', ['try'], 'cancelled'],
  ] as const)('runs %s after %j', async (phase, before, row) => {
    const barrier = await after(...before);
    expect(await barrier.run(call(phase), run)).toEqual(RAN);
    expect(barrier.statusOf(call(phase))).toBe(row);
  });

  it.each([
    ['cancel', [], 'empty'],
    ['cancel', ['cancel'], 'already'],
    ['cancel', ['try', 'cancel'], 'already'],
    ['confirm', ['try', 'confirm'], 'already'],
  ] as const)('answers %s after %j without running', async (phase, before, why) => {
    expect(await (await after(...before)).run(call(phase), never)).toEqual({ ran: false, why });
  });

  it.each([
    ['try', ['try'], 'TCC_REPEATED_TRY'],
    ['try', ['try', 'confirm'], 'TCC_REPEATED_TRY'],
    ['try', ['cancel'], 'TCC_LATE_TRY'],
    ['try', ['try', 'cancel'], 'TCC_LATE_TRY'],
    ['confirm', [], 'TCC_BARRIER_REFUSED'],
    ['confirm', ['cancel'], 'TCC_BARRIER_REFUSED'],
    ['confirm', ['try', 'cancel'], 'TCC_BARRIER_REFUSED'],
    ['cancel', ['try', 'confirm'], 'TCC_BARRIER_REFUSED'],
  ] as const)('refuses %s after %j', async (phase, before, code) => {
    const barrier = await after(...before);
    const row = barrier.statusOf(call(phase));
    await expect(barrier.run(call(phase), never)).rejects.toMatchObject({ code });
    expect(barrier.statusOf(call(phase))).toBe(row);
  });

  it('runs a message once, without try, and never cancels it after', async () => {
    const barrier = new InMemoryBarrier();
    expect(await barrier.run(call('confirm', { kind: 'message' }), run)).toEqual(RAN);
    expect(await barrier.run(call('confirm', { kind: 'message' }), never)).toEqual({ ran: false, why: 'already' });
    await expect(barrier.run(call('cancel', { kind: 'message' }), never)).rejects.toMatchObject({
      code: 'TCC_BARRIER_REFUSED',
    });
  });

  it('runs a cancel without try where that is asked for, and shuts out the late try all the same', async () => {
    const barrier = new InMemoryBarrier();
    expect(await barrier.run(call('cancel', { evenIfNotTried: true }), run)).toEqual(RAN);
    await expect(barrier.run(call('try'), never)).rejects.toMatchObject({ code: 'TCC_LATE_TRY' });
  });

  it.each([
    ['try', []],
    ['confirm', ['try']],
    ['cancel', ['try']],
  ] as const)('takes its row back when the %s fails', async (phase, before) => {
    const barrier = await after(...before);
    await expect(barrier.run(call(phase), fail)).rejects.toThrow('card refused');
    expect(await barrier.run(call(phase), run)).toEqual(RAN);
  });

  it('takes a try back whose registration was refused', async () => {
    const barrier = new InMemoryBarrier();
    const beforeCommit = (): Promise<void> => Promise.reject(new Error('not registered'));
    await expect(barrier.run(call('try', { beforeCommit }), run)).rejects.toThrow('not registered');
    expect(await barrier.run(call('cancel'), never)).toEqual({ ran: false, why: 'empty' });
  });

  it('starts no try after the deadline', async () => {
    const barrier = new InMemoryBarrier();
    await expect(barrier.run(call('try', { deadline: 0 }), never)).rejects.toMatchObject({ code: 'TCC_TIMED_OUT' });
  });

  it('delivers one after another within a branch, at once across branches', async () => {
    const barrier = new InMemoryBarrier();
    const log: string[] = [];
    let finish = (): void => {};
    const tried = barrier.run(call('try'), async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      log.push('tried');
    });
    const cancelled = barrier.run(call('cancel'), () => Promise.resolve(log.push('cancelled')));
    await barrier.run(call('try', { seq: 2 }), () => Promise.resolve(log.push('other branch')));
    finish();
    await Promise.all([tried, cancelled]);
    expect(log).toEqual(['other branch', 'tried', 'cancelled']);
  });

  it('answers busy to a cancel whose try does not end, and serves the next one', async () => {
    const barrier = new InMemoryBarrier();
    let finish = (): void => {};
    const tried = barrier.run(call('try'), () => new Promise<void>((resolve) => (finish = resolve)));
    await expect(barrier.run(call('cancel'), run)).rejects.toMatchObject({ code: 'TCC_BARRIER_BUSY' });
    finish();
    await tried;
    expect(await barrier.run(call('cancel'), run)).toEqual(RAN);
  });
});
