/** The console on a real service with a real browser, for all tests of a file. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { type RunningServer, startServer } from '#src/server/server.js'
import { openBrowser, openPage, type Watched } from './browser.js'
import { type ConsoleWorld, openConsoleWorld, untilLoaded } from './console-world.js'
import { Lines } from './service.js'

export interface OpenConsole {
  readonly world: ConsoleWorld
  readonly server: RunningServer
  readonly browser: Browser
  /** Opens a view, once its heading is there. */
  readonly open: (view: string, look?: { readonly width?: number; readonly dark?: boolean }) => Promise<Watched>
}

/** A file calls this once at its top and reads it within tests. */
export const useConsole = (): OpenConsole => {
  let world: ConsoleWorld
  let server: RunningServer
  let browser: Browser
  beforeAll(async () => {
    process.env.RINGFENCE_SEED_SCHEDULES = 'no'
    readFileSync('dist/console/index.html')
    world = await openConsoleWorld()
    server = await startServer(world.store, { host: '127.0.0.1', port: 0, logs: new Lines() })
    await untilLoaded(server.address)
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await world?.close()
  })
  return {
    get world() {
      return world
    },
    get server() {
      return server
    },
    get browser() {
      return browser
    },
    async open(view, look = {}) {
      const watched = await openPage(browser, server.address, look)
      await watched.page.goto(`${server.address}/#${view}`)
      await watched.page.locator('main h1').waitFor()
      return watched
    },
  }
}
