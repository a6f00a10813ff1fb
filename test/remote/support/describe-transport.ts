import { describeAnswers } from './describe-answers.js';
import { describeDeliveries } from './describe-deliveries.js';
import { describeOutcomes } from './describe-outcomes.js';
import { describeTravellers } from './describe-travellers.js';
import { startPair, type Pair } from './pair.js';
import type { TransportUnderTest } from './transports.js';

/** What holds of calls to participants, however they travel. */
export function describeTransport(
  transport: TransportUnderTest,
  more: (pair: () => Pair) => void = () => undefined,
): void {
  describe(`participants in another application, over ${transport.name}`, () => {
    let pair: Pair | undefined;
    const current = (): Pair => pair!;

    beforeAll(async () => {
      pair = await startPair(transport);
    });
    afterEach(() => pair?.reset());
    afterAll(() => pair?.close());

    describeOutcomes(current);
    describeAnswers(current);
    describeDeliveries(current);
    describeTravellers(current, transport);
    more(current);
  });
}
