import { type FaultHook } from 'nestjs-tcc';
import { faultHookFromEnv, parseFaults } from './fault-hook-from-env.js';
import { faultHook, FaultPlan } from './fault-plan.js';

const about = { xids: ['x1'] };

describe('FaultPlan', () => {
  it('leaves other steps alone, without a promise', () => {
    const hook = faultHook(new FaultPlan([{ point: 'ledger.decide.done', action: 'error' }]));
    expect(hook('ledger.decide.sending', about)).toBeUndefined();
  });

  it('fails the nth occurrence only', async () => {
    const hook = faultHook(new FaultPlan([{ point: 'ledger.decide.done', action: 'error', nth: 2 }]));
    expect(hook('ledger.decide.done', about)).toBeUndefined();
    await expect(hook('ledger.decide.done', about)).rejects.toMatchObject({ point: 'ledger.decide.done' });
    expect(hook('ledger.decide.done', about)).toBeUndefined();
  });

  it('fails each occurrence when asked to', async () => {
    const hook = faultHook(new FaultPlan([{ point: 'ledger.renew.done', action: 'error', nth: 'each' }]));
    await expect(hook('ledger.renew.done', about)).rejects.toMatchObject({ point: 'ledger.renew.done' });
    await expect(hook('ledger.renew.done', about)).rejects.toMatchObject({ point: 'ledger.renew.done' });
  });

  it('counts only occurrences of the named branch', async () => {
    const rule = { point: 'barrier.try.opened', action: 'error', nth: 2, branch: 'payment.authorize' } as const;
    const hook = faultHook(new FaultPlan([rule]));
    const at = (branch: string): ReturnType<FaultHook> => hook('barrier.try.opened', { ...about, branch });
    expect(at('payment.authorize')).toBeUndefined();
    expect(at('inventory.reserve')).toBeUndefined();
    await expect(at('payment.authorize')).rejects.toMatchObject({ point: 'barrier.try.opened' });
  });

  it('counts every rule of a step, also where another one acts', async () => {
    const plan = new FaultPlan([
      { point: 'ledger.claim.done', action: 'error', nth: 1 },
      { point: 'ledger.claim.done', action: 'error', nth: 2 },
    ]);
    await expect(plan.apply('ledger.claim.done', about)).rejects.toMatchObject({ point: 'ledger.claim.done' });
    await expect(plan.apply('ledger.claim.done', about)).rejects.toMatchObject({ point: 'ledger.claim.done' });
    expect(plan.apply('ledger.claim.done', about)).toBeUndefined();
  });

  it('pauses until it is resumed, and tells who waits for it', async () => {
    const plan = new FaultPlan([{ point: 'barrier.confirm.opened', action: 'pause' }]);
    const steps: string[] = [];
    const early = plan.reached('barrier.confirm.opened');
    const paused = plan.apply('barrier.confirm.opened', about)?.then(() => steps.push('went on'));
    expect(await early).toBe(about);
    expect(await plan.reached('barrier.confirm.opened')).toBe(about);
    plan.resume('barrier.cancel.opened');
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toEqual([]);
    plan.resume('barrier.confirm.opened');
    await paused;
    expect(steps).toEqual(['went on']);
  });
});

describe('TCC_FAULTS', () => {
  it('reads point, occurrence, action and branch', () => {
    expect(
      parseFaults(
        'ledger.decide.done:crash, barrier.confirm.opened@2:pause#payment.authorize,ledger.renew.done@each:error',
      ),
    ).toEqual([
      { point: 'ledger.decide.done', action: 'crash' },
      { point: 'barrier.confirm.opened', action: 'pause', nth: 2, branch: 'payment.authorize' },
      { point: 'ledger.renew.done', action: 'error', nth: 'each' },
    ]);
  });

  it.each([
    'ledger.decide.done',
    'ledger.decide:crash',
    'ledger.decide.done:explode',
    'ledger.decide.done@0:crash',
    'ledger.decide.done:crash#',
    'ledger.decide.done:crash;ledger.begin.done:crash',
  ])('refuses %s and names the known points', (value) => {
    expect(() => faultHookFromEnv({ TCC_FAULTS: value })).toThrow(
      expect.objectContaining({
        code: 'TCC_CONFIGURATION',
        problem: expect.stringContaining('barrier.cancel.committed'),
      }),
    );
  });

  it.each([undefined, '', ' , '])('does nothing when it is %j', (value) => {
    expect(faultHookFromEnv({ TCC_FAULTS: value })('ledger.begin.done', about)).toBeUndefined();
  });
});
