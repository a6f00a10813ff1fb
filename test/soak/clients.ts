import { setTimeout as pause } from 'node:timers/promises';
import { defaultPayloadCodec } from 'nestjs-tcc';
import { KEYED, ORDER_KINDS, type Answer, type Order, type Receipt, type Told } from './app/protocol.js';
import { isUnknown, type History } from './history.js';
import { Random } from './random.js';
import type { Instance } from './world/instance.js';
import { OWNERS, SERVICES, type ServiceName } from './world/topology.js';

/** Longer than a call may last by the settings; a process that stands still may take longer. */
const PATIENCE_MS = 9_000;
const RETRY_MS = 250;
const MOST_ATTEMPTS = 60;
const LARGEST_AMOUNT = 100;

type Heard = Told | 'no answer' | 'its process died' | 'not up';

/** Clients that order one thing after another, of instances that they choose at random. */
export class Clients {
  private orders = 0;
  private stopped = false;
  private readonly running: Promise<void>[] = [];

  constructor(
    private readonly instances: readonly Instance[],
    private readonly history: History,
    private readonly seed: number,
  ) {}

  start(count: number): void {
    for (let client = 1; client <= count; client++)
      this.running.push(this.live(client, new Random(this.seed + client)));
  }

  /** No new orders; resolves when those under way have ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }

  private async live(client: number, random: Random): Promise<void> {
    while (!this.stopped) {
      const service = random.chance(0.75) ? 'bank' : random.of(SERVICES);
      const order = this.order(random);
      if (KEYED.has(order.kind)) await this.insist(client, service, order, random);
      else await this.once(client, service, order, random);
      await pause(random.between(0, 60));
    }
  }

  private order(random: Random): Order {
    const [from, payer, payee] = [random.of(['north', 'south'] as const), random.of(OWNERS), random.of(OWNERS)];
    const kind = random.of(ORDER_KINDS);
    return { id: `order-${++this.orders}`, kind, from, payer, payee, amount: random.whole(1, LARGEST_AMOUNT) };
  }

  /** With a key it is safe to ask again until there is an answer. And then once more: it must be the same. */
  private async insist(client: number, service: ServiceName, order: Order, random: Random): Promise<void> {
    let answered = 0;
    for (let attempt = 1; attempt <= MOST_ATTEMPTS && answered < 2; attempt++) {
      const told = await this.once(client, service, order, random);
      if (typeof told === 'object' && told.ok) {
        answered++;
        if (!random.chance(0.3)) return;
      } else await pause(RETRY_MS);
    }
  }

  private async once(client: number, service: ServiceName, order: Order, random: Random): Promise<Heard> {
    const instance = await this.choose(service, random);
    const common = { client, instance: instance.name, order };
    this.history.add({ ...common, at: this.history.now(), type: 'invoke' });
    let late = false;
    const answer = instance.ask({ do: 'order', order }).then((reply): Heard => {
      const told = 'lost' in reply ? reply.lost : (reply as Extract<Answer, { told: Told }>).told;
      this.record(common, told, late);
      return told;
    });
    const patience = new AbortController();
    const heard = await Promise.race([
      answer,
      pause(PATIENCE_MS, 'no answer' as const, { signal: patience.signal }).catch(() => 'no answer' as const),
    ]);
    patience.abort();
    if (heard === 'no answer') {
      late = true;
      this.history.add({ ...common, at: this.history.now(), type: 'info', code: heard, xid: undefined });
    } else if (typeof heard === 'object' && !heard.ok && heard.code === 'TCC_IN_DOUBT')
      await this.clarify(common, service, heard.xid, random);
    return heard;
  }

  /** Asks what has become of an order in doubt, once. */
  private async clarify(
    common: { client: number; instance: string; order: Order },
    service: ServiceName,
    xid: string | undefined,
    random: Random,
  ): Promise<void> {
    if (xid === undefined) return;
    const other = await this.choose(service, random);
    const reply = await Promise.race([other.ask({ do: 'outcome', xid }), pause(PATIENCE_MS, { lost: 'no answer' })]);
    if (!('outcome' in reply)) return;
    this.history.add({ ...common, at: this.history.now(), type: 'outcome', xid, status: reply.outcome });
  }

  private record(common: { client: number; instance: string; order: Order }, told: Heard, late: boolean): void {
    const event = { ...common, at: this.history.now() };
    if (typeof told === 'string') {
      if (!late) this.history.add({ ...event, type: 'info', code: told, xid: undefined });
    } else if (told.ok) {
      const receipt = defaultPayloadCodec.decode(told.value) as Receipt;
      this.history.add({ ...event, type: 'ok', receipt, text: told.value, late });
    } else if (isUnknown(told.code)) this.history.add({ ...event, type: 'info', code: told.code, xid: told.xid });
    else this.history.add({ ...event, type: 'fail', code: told.code, message: told.message, xid: told.xid, late });
  }

  /** One that is up, or stands still; waits for it. */
  private async choose(service: ServiceName, random: Random): Promise<Instance> {
    for (;;) {
      const up = this.instances.filter(({ spec, isUp }) => spec.service === service && isUp);
      if (up.length > 0) return random.of(up);
      await pause(20);
    }
  }
}
