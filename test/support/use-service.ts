import { afterAll, beforeAll } from '@jest/globals'
import type { App } from '#src/server/app.js'
import { openApp, openWorld, type World } from './service.js'

/** A world and the service on it for all tests of a file, which calls this once at its top and reads it within tests. */
export const useService = (interactions = 0): App & Pick<World, 'store'> => {
  let world: World
  let app: App
  beforeAll(async () => {
    world = await openWorld(interactions)
    app = await openApp(world.store)
  })
  afterAll(async () => {
    await app.http.close()
    await world.close()
  })
  return {
    get store() {
      return world.store
    },
    get http() {
      return app.http
    },
    get services() {
      return app.services
    },
  }
}
