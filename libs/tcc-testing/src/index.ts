export * from './barrier/index.js';
export * from './contract/index.js';
export * from './faults/index.js';
export * from './ledger/index.js';
export * from './postgres/index.js';
export * from './settle/index.js';
