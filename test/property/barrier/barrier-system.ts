import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { type BarrierCall, type FaultPoint, isTccError, type LocalTransaction, type Phase } from 'nestjs-tcc';
import type { EntityManager } from 'typeorm';
import { type BarrierBench, openBarrierBench } from '../../support/barrier-bench.js';
import { Gate } from '../../support/gate.js';
import type { Answer, Ending, Row } from './barrier-model.js';

class OwnError extends Error {}
class Died extends Error {}

/** One delivery under way. */
class Delivery {
  private pid: number | undefined;
  private attempts = 0;
  /** Held once its statement has been answered. */
  held: Gate | undefined;

  constructor(
    readonly key: string,
    readonly phase: Phase,
    private readonly ending: Ending,
    private readonly bench: BarrierBench,
  ) {}

  /** The business code: one row for each time that it takes effect. */
  async business({ manager }: LocalTransaction): Promise<void> {
    const run = (sql: string, values?: unknown[]): Promise<unknown> => (manager as EntityManager).query(sql, values);
    this.attempts += 1;
    await run('insert into effect (key, phase) values ($1, $2)', [this.key, this.phase]);
    this.pid = ((await run('select pg_backend_pid() as pid')) as { pid: number }[])[0]?.pid;
    if (this.ending === 'throws') throw new OwnError();
    if (this.ending === 'swallows a failed statement') await run('select 1 / 0').catch(() => undefined);
    if (this.ending === 'conflicts always' || (this.ending === 'conflicts once' && this.attempts === 1))
      await run(`do $$ begin raise exception using errcode = '40001'; end $$`);
    if (this.ending === 'loses its connection') {
      await this.terminate();
      await run('select 1');
    }
  }

  /** Called at the steps of the barrier. */
  async reach(point: FaultPoint): Promise<void> {
    if (point.endsWith('.opened')) {
      const { held } = this;
      this.held = undefined;
      await held?.pass();
    } else if (point.endsWith('.committing')) {
      if (this.ending === 'loses its connection before the commit' && this.pid !== undefined) await this.terminate();
    } else if (point.endsWith('.committed') && this.ending === 'dies after the commit') throw new Died();
  }

  private async terminate(): Promise<void> {
    await this.bench.observer.query('select pg_terminate_backend($1)', [this.pid]);
  }
}

const delivering = new AsyncLocalStorage<Delivery>();

/** The real barrier on a real database, beside a business table. */
export class BarrierSystem {
  private constructor(private readonly bench: BarrierBench) {}

  static async open(url: string): Promise<BarrierSystem> {
    const bench = await openBarrierBench(url);
    await bench.observer.query('create table effect (key text not null, phase text not null)');
    bench.faults = (point) => delivering.getStore()?.reach(point);
    return new BarrierSystem(bench);
  }

  deliver(call: BarrierCall, ending: Ending): Promise<Answer> {
    return this.send(call, this.delivery(call, ending));
  }

  /** @returns the answers, and whether the second one waited for the first */
  async overlap(first: [BarrierCall, Ending], second: [BarrierCall, Ending]): Promise<[Answer, Answer, boolean]> {
    const held = new Gate();
    const before = this.delivery(...first);
    before.held = held;
    const one = this.send(first[0], before);
    await Promise.race([held.reached, one]);
    let over = false;
    const two = this.deliver(...second).finally(() => (over = true));
    const waited = await this.blocked(() => over);
    held.open();
    return [await one, await two, waited];
  }

  /** Row and effects of branches. */
  async look(xid: string): Promise<{ rows: Map<number, Row>; effects: Map<string, number> }> {
    const [{ rows }, { rows: effects }] = await Promise.all([
      this.bench.observer.query<{ seq: number; status: Row }>('select seq, status from tcc_barrier where xid = $1', [
        xid,
      ]),
      this.bench.observer.query<{ key: string; phase: Phase; n: number }>(
        'select key, phase, count(*)::int as n from effect where key like $1 group by key, phase',
        [`${xid}:%`],
      ),
    ]);
    return {
      rows: new Map(rows.map(({ seq, status }) => [seq, status])),
      effects: new Map(effects.map(({ key, phase, n }) => [`${key.split(':')[1]} ${phase}`, n])),
    };
  }

  close(): Promise<void> {
    return this.bench.close();
  }

  private delivery({ xid, seq, phase }: BarrierCall, ending: Ending): Delivery {
    return new Delivery(`${xid}:${seq}`, phase, ending, this.bench);
  }

  private send(call: BarrierCall, delivery: Delivery): Promise<Answer> {
    const done = delivering.run(delivery, () => this.bench.phase(call, (local) => delivery.business(local)));
    return done.then((result) => (result.ran ? 'ran' : result.why), answerOf);
  }

  /** Waits until somebody waits for a lock, or until it is over. @returns whether somebody waits */
  private async blocked(isOver: () => boolean): Promise<boolean> {
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    while (!isOver()) {
      if ((await this.bench.observer.query(waiting)).rows.length > 0 && !isOver()) return true;
      await pause(1);
    }
    return false;
  }
}

function answerOf(error: unknown): Answer {
  if (error instanceof OwnError) return 'own error';
  if (isTccError(error)) return error.code as Answer;
  const { code, message } = error as { code?: string; message: string };
  // pg-typeorm wraps what the driver says
  if (code === '40001') return 'conflict';
  if (error instanceof Died || code === '57P01' || /connection|terminat|not queryable/i.test(message)) return 'lost';
  throw error;
}
