import config from './jest.config.js';

const integration = config.projects.find(({ displayName }) => displayName === 'integration');

/** The shop as three processes whose parts die under load: by tools/test-distributed.mjs. */
/** @type {import('jest').Config} */
export default {
  maxWorkers: 1,
  testTimeout: 60_000,
  projects: [
    {
      ...integration,
      displayName: 'distributed',
      testPathIgnorePatterns: [],
      testMatch: ['<rootDir>/test/e2e/long/*.spec.ts', '<rootDir>/test/e2e/killed-participant.spec.ts'],
    },
  ],
};
