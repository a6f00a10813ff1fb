export { InMemoryBarrier } from './in-memory-barrier.js';
export type { BarrierRow } from './ruling.js';
