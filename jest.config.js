import base from './jest.base.js';

// All suites in one run, so that no core waits: `npm test`. In a package, `npm test` runs that package's alone.
export default {
  projects: ['<rootDir>/packages/*', '<rootDir>/apps/*', '<rootDir>/tests'],
  testTimeout: base.testTimeout,
  // Many wait for a process, a lock or a timer.
  maxWorkers: 3,
};
