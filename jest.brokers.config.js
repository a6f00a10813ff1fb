import config from './jest.config.js';

const integration = config.projects.find(({ displayName }) => displayName === 'integration');

/** What needs a broker: not part of `npm test`, which needs Node and npm alone. */
/** @type {import('jest').Config} */
export default {
  // one for each broker: they wait for it most of the time
  maxWorkers: 3,
  testTimeout: 60_000,
  projects: [{ ...integration, displayName: 'brokers', testMatch: ['<rootDir>/test/remote/brokers/*.broker.ts'] }],
};
