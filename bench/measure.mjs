const ROUNDS = 3;

async function measure(work, concurrency, seconds) {
  const took = [];
  const cpu = process.cpuUsage();
  const end = performance.now() + seconds * 1_000;
  const client = async () => {
    while (performance.now() < end) {
      const startedAt = performance.now();
      await work();
      took.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  const { user, system } = process.cpuUsage(cpu);
  took.sort((a, b) => a - b);
  return { perSecond: took.length / seconds, p50: took[took.length >> 1], cpu: (user + system) / took.length };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Prints how `tcc` does in ratios to `hand`, in interleaved rounds.
 *
 * @param {{ hand: () => Promise<unknown>, tcc: () => Promise<unknown> }} subjects one piece of work each
 * @param {number} seconds of each measurement
 */
export async function measureRatios({ hand, tcc }, seconds) {
  console.log(`Median of ${ROUNDS} interleaved rounds of ${seconds} s; CPU is of the Node process that calls.`);
  for (const concurrency of [1, 8, 32]) {
    for (const work of [hand, tcc]) await measure(work, concurrency, 0.5);
    const ratios = [];
    for (let round = 0; round < ROUNDS; round++) {
      const byHand = await measure(hand, concurrency, seconds);
      const ours = await measure(tcc, concurrency, seconds);
      ratios.push({
        throughput: ours.perSecond / byHand.perSecond,
        p50: ours.p50 / byHand.p50,
        cpu: ours.cpu / byHand.cpu,
      });
    }
    const of = (what) => median(ratios.map((ratio) => ratio[what])).toFixed(2);
    console.log(
      `${String(concurrency).padStart(3)} at a time: throughput ${of('throughput')}  p50 ${of('p50')}  CPU ${of('cpu')}`,
    );
  }
}
