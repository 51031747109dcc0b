import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { App } from '#src/server/app.js'
import { openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App

beforeAll(async () => {
  if (!existsSync('dist/console/index.html')) throw new Error('The console is not built: run `npm run build` first.')
  world = await openWorld()
  app = await openApp(world.store)
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

test('the page is never kept, runs its own scripts alone and holds nothing inline', async () => {
  const answer = await app.http.inject('/')
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['content-type']).toMatch(/^text\/html/)
  expect(answer.headers['cache-control']).toBe('no-store')
  const policy = String(answer.headers['content-security-policy'])
  expect(policy).toMatch(/^default-src 'none'; script-src 'self'; /)
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(answer.body).not.toMatch(/<style|style=|<script(?![^>]* src=)|https?:\/\//)
})

test('its assets are named by their content, kept for good, and ask nothing of anybody else', async () => {
  const page = (await app.http.inject('/')).body
  const assets = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((match) => match[1]!)
  expect(assets.map((each) => each.replace(/.*\./, '')).sort()).toEqual(['css', 'js', 'svg'])
  for (const asset of assets) {
    const answer = await app.http.inject(`/${asset}`)
    expect([asset, answer.statusCode]).toEqual([asset, 200])
    expect(asset).toMatch(/-[\w-]{8,}\.\w+$/)
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(answer.body).not.toMatch(/fetch\("https?:|@import url\(|url\("?https?:/)
  }
})

test('what is not there is a problem, also outside of the folder, and the API keeps its own policy', async () => {
  for (const url of ['/assets/none.js', '/rings'])
    expect((await app.http.inject(url)).json().code).toBe('route.unknown')
  for (const url of ['/assets/..%2findex.html', '/assets/..%2f..%2fpackage.json'])
    expect((await app.http.inject(url)).json().code).toBe('request.invalid')
  const data = await app.http.inject('/health/live')
  expect(data.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
})
