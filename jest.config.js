/** Tests run as compiled ES modules against the built product in dist/, so they exercise what ships. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/build/test/**/*.test.js'],
  transform: {},
  maxWorkers: 2,
  testTimeout: 120_000,
}
