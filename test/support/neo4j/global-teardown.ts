import { closeBroker } from './broker.js'

/** Runs after the summary, so that these are the last lines of a test run. */
const teardown = async (): Promise<void> => {
  const missing = await closeBroker()
  if (missing === undefined) return
  process.stderr.write(`\nThe tests on a real Neo4j did NOT run. ${missing}\n`)
  process.stderr.write('Set RINGFENCE_TEST_NEO4J_URI, or start Docker, or install Java 17 (a JDK) and Maven.\n')
  if (process.env.CI === 'true') process.exitCode = 1
}

// Jest takes nothing but a default export here.
export { teardown as default }
