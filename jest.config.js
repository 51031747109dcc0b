/** Tests run as compiled ES modules against the built product in dist/, so they exercise what ships. */
// A service that a test starts would else detect at each full hour.
process.env.RINGFENCE_SEED_SCHEDULES = 'no'

export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/build/test/**/*.test.js'],
  transform: {},
  globalSetup: '<rootDir>/build/test/support/neo4j/global-setup.js',
  globalTeardown: '<rootDir>/build/test/support/neo4j/global-teardown.js',
  maxWorkers: 2,
  testTimeout: 120_000,
}
