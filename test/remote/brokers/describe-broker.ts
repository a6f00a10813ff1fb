import type { ClientOptions, MicroserviceOptions } from '@nestjs/microservices';
import { eventually } from '../../support/eventually.js';
import { Gate } from '../../support/gate.js';
import { describeTransport } from '../support/describe-transport.js';
import { startPair, type Pair } from '../support/pair.js';
import { freePort, microservice } from '../support/transports.js';
import { ensureBroker, type Broker } from './broker.js';
import { OwnBroker } from './own-broker.js';

export interface BrokerUnderTest extends Broker {
  readonly name: string;
  /** Nest's options for both sides. */
  readonly options: (port: number) => {
    readonly server: MicroserviceOptions | (() => MicroserviceOptions);
    readonly client: ClientOptions;
  };
}

const RESTARTS = 3;
/** Not every client tells that its broker is gone: a call then waits until its transaction's time is over. */
const WAITS_FOR_MS = 5_000;

/** The contract of every transport, over a broker; and what becomes of calls when it dies. */
export function describeBroker(broker: BrokerUnderTest): void {
  describeTransport(
    microservice(broker.name, async () => {
      await ensureBroker(broker);
      return broker.options(broker.port);
    }),
  );

  describe(`${broker.name} is killed and started again`, () => {
    let own: OwnBroker | undefined;
    let pair: Pair | undefined;
    beforeAll(async () => {
      const port = await freePort();
      own = await OwnBroker.start(broker, port);
      pair = await startPair(microservice(broker.name, () => Promise.resolve(broker.options(port))));
    }, 120_000);
    afterAll(async () => {
      await pair?.close();
      await own?.close();
    }, 60_000);

    it('in the middle of tries and confirms: everything settles, and once', async () => {
      const { order, article, stockOf, hooks, settled, tcc } = pair!;
      const sku = await article(1_000);
      const xids: string[] = [];
      let sold = 0;
      const sell = async (): Promise<void> => {
        await order(
          ({ stock }) => {
            xids.push(tcc.transaction.xid);
            return stock.reserve(sku, 1);
          },
          { timeout: WAITS_FOR_MS },
        ).then(
          () => sold++,
          () => undefined,
        );
      };
      for (let restart = 0; restart < RESTARTS; restart++) {
        await sell();
        const gate = new Gate();
        const phase = restart % 2 === 0 ? 'try' : 'confirm';
        let first = true;
        hooks.during = (visit) => {
          if (visit.phase !== phase || !first) return undefined;
          first = false;
          return gate.pass();
        };
        const underWay = sell();
        await gate.reached;
        await own!.kill();
        gate.open();
        const refused = sell();
        await own!.start();
        await Promise.all([underWay, refused]);
        hooks.during = () => undefined;
        // found again by itself
        const before = sold;
        await eventually(async () => {
          await sell();
          expect(sold).toBeGreaterThan(before);
        }, 60_000);
      }
      for (const xid of xids)
        await eventually(async () => {
          const found = await tcc.outcome(xid);
          expect(found?.parked ?? 0).toBe(0);
          expect(['confirmed', 'cancelled', undefined]).toContain(found?.status);
        }, 60_000);
      await settled(xids.at(-1)!, 'confirmed');
      expect(await stockOf(sku)).toEqual({ free: 1_000 - sold, sold, held: 0 });
    }, 240_000);
  });
}
