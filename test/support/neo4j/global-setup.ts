import { openBroker } from './broker.js'

/** A run without patterns is the whole suite, which needs the server in any case: it starts while other tests run. */
const setup = async (config: {
  readonly testPathPatterns?: { readonly patterns: readonly string[] }
}): Promise<void> => {
  await openBroker(config.testPathPatterns?.patterns.length === 0)
}

// Jest takes nothing but a default export here.
export { setup as default }
