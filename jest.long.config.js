import config from './jest.config.js';

// What takes minutes: faults of the databases, a thousand lost answers for each write, every scenario of the model.
process.env['TCC_LOST_ANSWERS'] ??= '1000';
process.env['MODEL_BUDGET'] ??= 'full';

const integration = config.projects.find(({ displayName }) => displayName === 'integration');

/** @type {import('jest').Config} */
export default {
  maxWorkers: 2,
  testTimeout: 60_000,
  projects: [
    {
      ...integration,
      displayName: 'long',
      testPathIgnorePatterns: [],
      testMatch: [
        '<rootDir>/test/chaos/long/*.spec.ts',
        '<rootDir>/test/chaos/lost-answers.spec.ts',
        '<rootDir>/test/model/interleavings.spec.ts',
      ],
    },
  ],
};
