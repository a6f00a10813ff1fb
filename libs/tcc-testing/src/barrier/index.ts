export { InMemoryBarrier } from './in-memory-barrier.js';
