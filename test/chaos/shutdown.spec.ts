import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TccModule, type TccModuleOptions } from 'nestjs-tcc';
import { faultHook, FaultPlan } from 'nestjs-tcc-testing';
import { startBank, Transfers, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { BankHooks, NorthBank, SouthBank } from '../support/bank/bank.participant.js';
import { Hold, Wallet } from '../support/bank/wallet.entity.js';
import { BankAudit, breaches } from '../support/processes/bank-audit.js';
import { ChildApp } from '../support/processes/child-app.js';
import type { ProcessPlan } from '../support/processes/process-plan.js';
import { AMOUNT } from '../support/processes/scenarios.js';
import { useBankProcesses } from '../support/processes/use-bank-processes.js';

describe('shutdown', () => {
  const used = useBankProcesses();
  let databases: BankDatabases;
  let audit: BankAudit;
  let owner: string;
  let service: string;
  let other: BankApp | undefined;
  let pauses: FaultPlan | undefined;

  beforeEach(() => void ({ databases, audit, owner, service } = used));
  afterEach(async () => {
    pauses?.resume(); // a failed test must not keep its application from closing
    await other?.close();
    other = undefined;
  });

  /** Looks once at boot, and then not again for a minute unless somebody wakes it. */
  const SLEEPY = { lease: '30s', recovery: { poll: '60s' } } as const;

  async function child(
    options: Partial<ProcessPlan['options'] & object>,
    more: Partial<ProcessPlan> = {},
  ): Promise<ChildApp> {
    const urls = { ledger: databases.ledger.url, north: databases.north.url, south: databases.south.url };
    const started = ChildApp.start({ databases: urls, options: { service, ...SLEEPY, ...options }, ...more });
    await started.said('ready');
    return started;
  }

  it('waits for a running phase two, which ends with its settlement written, and leaves nothing behind', async () => {
    const process = await child({ drain: '10s' }, { faults: 'barrier.confirm.opened:pause' });
    const call = process.run('confirms', owner);
    await process.said('reached');
    process.terminate();
    await process.said('terminating');
    process.send({ do: 'resume' });
    expect(await call).toMatchObject({ ok: true });
    expect(await process.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(process.stderr).toBe('');
    const remains = await audit.remains(owner);
    expect(breaches(remains, { amount: AMOUNT, told: 'confirmed' })).toEqual([]);
  });

  it('under load: every call is answered, nothing is queried later, and the process ends by itself', async () => {
    const process = await child({ drain: '10s' });
    const busy = Array.from({ length: 10 }, (_, index) => `${owner}-${index}`);
    await Promise.all(busy.map((each) => audit.fund(each, 100)));
    const calls = busy.map((each, index) => process.run(index % 2 === 0 ? 'confirms' : 'cancels', each));
    process.send({ do: 'close' });
    const told = await Promise.all(calls);
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.stderr).toBe('');
    for (const [index, each] of busy.entries()) {
      expect(told[index]).toBeDefined();
      const expected = told[index]!.ok ? 'confirmed' : 'cancelled';
      expect(breaches(await audit.remains(each), { amount: AMOUNT, told: expected })).toEqual([]);
    }
    expect(told.filter((each) => each!.ok)).toHaveLength(5);
  });

  it('gives the lease of what does not end in time to another instance at once', async () => {
    const process = await child({ drain: '100ms', phaseTwo: 'background' }, { behaviour: { confirm: 'hang' } });
    const plan = (pauses = new FaultPlan([{ point: 'ledger.claim.done', action: 'pause' }]));
    other = await startBank(databases, { service, ...SLEEPY, faults: faultHook(plan) });
    const call = process.run('confirms', owner);
    expect(await call).toMatchObject({ ok: true });
    await process.said('entered', undefined, 2);
    process.terminate();
    await process.said('terminating');
    const terminatedAt = performance.now();
    await plan.reached('ledger.claim.done');
    expect(performance.now() - terminatedAt).toBeLessThan(1_000);
    plan.resume();
    // Both confirms hang with their rows locked; the process must let go of them, and end.
    expect(await process.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(process.stderr).toBe('');
    await audit.settled(service, 20_000);
    expect(breaches(await audit.remains(owner), { amount: AMOUNT, told: 'confirmed' })).toEqual([]);
  });

  it('waits for its drain time once, not once per hook', async () => {
    const process = await child({ drain: '3s', phaseTwo: 'background' }, { behaviour: { confirm: 'hang' } });
    await process.run('confirms', owner);
    await process.said('entered', undefined, 2);
    process.terminate();
    await process.said('terminating');
    const terminatedAt = performance.now();
    await process.exited;
    expect(performance.now() - terminatedAt).toBeLessThan(5_000);
  });

  it('gives leases back before the databases are closed, in whatever order the modules are imported', async () => {
    const plan = (pauses = new FaultPlan([{ point: 'ledger.claim.done', action: 'pause' }]));
    other = await startBank(databases, { service, ...SLEEPY, faults: faultHook(plan) });
    const database = (name: 'north' | 'south'): ReturnType<typeof TypeOrmModule.forRoot> =>
      TypeOrmModule.forRoot({ name, type: 'postgres', url: databases[name].url, entities: [Wallet, Hold] });
    const options: TccModuleOptions = {
      service,
      ...SLEEPY,
      drain: '100ms',
      phaseTwo: 'background',
      ledger: { connection: { connectionString: databases.ledger.url } },
    };

    @Module({
      imports: [TccModule.forRoot(options), database('north'), database('south')],
      providers: [BankHooks, NorthBank, SouthBank, Transfers],
    })
    class TccFirst {}

    const app = await NestFactory.createApplicationContext(TccFirst, { logger: false, abortOnError: false });
    let end = (): void => undefined;
    const hanging = new Promise<void>((resolve) => (end = resolve));
    const entered = new Promise<void>((resolve) => {
      app.get(BankHooks).inConfirm = () => {
        resolve();
        return hanging;
      };
    });
    await app.get(Transfers).take(owner, AMOUNT);
    await entered;
    const closing = app.close();
    await plan.reached('ledger.claim.done');
    end();
    await closing;
    plan.resume();
    await audit.settled(service, 20_000);
    expect(breaches(await audit.remains(owner), { amount: AMOUNT, told: 'confirmed' })).toEqual([]);
  });
});
