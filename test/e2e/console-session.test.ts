/** Signing in to the console and out again, in a real browser on a real service with keys. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { type KeyRole, makeApiKey } from '#src/jobs/api-keys.js'
import { Sessions } from '#src/jobs/sessions.js'
import { type RunningServer, startServer } from '#src/server/server.js'
import { openBrowser, openPage } from '../support/browser.js'
import { untilLoaded } from '../support/console-world.js'
import { Lines, openWorld, testSettings, type World } from '../support/service.js'

let world: World
let server: RunningServer
let browser: Browser
const logs = new Lines()

beforeAll(async () => {
  process.env.RINGFENCE_SEED_SCHEDULES = 'no'
  readFileSync('dist/console/index.html')
  world = await openWorld(10_000, true)
  server = await startServer(world.store, { host: '127.0.0.1', port: 0, logs })
  await untilLoaded(server.address)
  browser = await openBrowser()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
  await world?.close()
})

const newKey = async (role: KeyRole) => {
  const { key, record } = makeApiKey(role, 'ada')
  await world.store.createKey(record)
  // As long as the service may take to see it.
  await new Promise((resolve) => setTimeout(resolve, 2200))
  return { key, id: record.id }
}

const signIn = async (page: Page, key: string): Promise<void> => {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
}

const sessionOf = async (page: Page): Promise<string> =>
  (await page.context().cookies()).find(({ name }) => name === 'ringfence-session')!.value

/** What the page itself is answered, with whatever the browser sends by itself. */
const asPage = (page: Page, script: string) => page.evaluate(`(async () => { ${script} })()`)

test('sign in, reload, sign out; what a page of another sender would send is refused', async () => {
  const { key } = await newKey('lead')
  const { page, wrong } = await openPage(browser, server.address)
  const refused: string[] = []
  page.on('response', (answer) => {
    if (answer.status() === 401) refused.push(new URL(answer.url()).pathname)
  })
  await page.goto(`${server.address}/`)
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await page.goto(`${server.address}/#/rings`)
  // Many behind one address may open the console at once: each costs one refusal.
  expect(refused).toEqual(['/v1/session'])
  await dialog.getByLabel('API key').fill('ringfence_wrong')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('alert').innerText()).resolves.toMatch(/not known.*Ask an administrator/)
  await signIn(page, key)
  await page.locator('table tbody tr').first().waitFor()
  await page.reload()
  await page.locator('table tbody tr').first().waitFor()
  await expect(dialog.isVisible()).resolves.toBe(false)

  // Nothing that a script could take away, and nothing in what the browser keeps.
  const kept = String(await page.evaluate('document.cookie + JSON.stringify([localStorage, sessionStorage])'))
  for (const secret of [key, await sessionOf(page)]) expect(kept).not.toContain(secret)

  const withoutToken = await asPage(
    page,
    `const answer = await fetch('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' },
       body: JSON.stringify({ type: 'detect', mode: 'estimate' }) })
     return [answer.status, (await answer.json()).code]`,
  )
  expect(withoutToken).toEqual([403, 'auth.csrf'])
  // Progress comes over the cookie: an EventSource can send nothing else.
  const heard = await asPage(
    page,
    `const csrf = /ringfence-csrf=([^;]+)/.exec(document.cookie)[1]
     const answer = await fetch('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
       body: JSON.stringify({ type: 'detect', mode: 'dry-run' }) })
     const { id } = await answer.json()
     return new Promise((resolve, reject) => {
       const events = new EventSource('/v1/jobs/' + id + '/events')
       events.addEventListener('end', ({ data }) => { events.close(); resolve(JSON.parse(data).state) })
       events.onerror = () => reject(new Error('The stream broke off.'))
     })`,
  )
  expect(heard).toBe('done')

  // A plain link is answered too.
  await page.locator('table tbody tr a').first().click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()])
  expect(readFileSync(await download.path(), 'utf8')).toMatch(/^ring,entity,kind,role,score/)

  const cookie = await sessionOf(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await dialog.waitFor()
  await expect(page.context().cookies()).resolves.toEqual([])
  const stolen = await fetch(`${server.address}/v1/runs`, { headers: { cookie: `ringfence-session=${cookie}` } })
  const { code } = (await stolen.json()) as { readonly code: string }
  expect([stolen.status, code]).toEqual([401, 'session.ended'])
  expect(logs.text).not.toContain(cookie)
  expect(wrong).toEqual([])
}, 90_000)

test('a session that ends while somebody types: the sign-in comes over the page, and nothing typed is lost', async () => {
  const { key } = await newKey('lead')
  const { page, wrong } = await openPage(browser, server.address)
  await page.goto(`${server.address}/#/rings`)
  await signIn(page, key)
  await page.goto(`${server.address}/#/compare?mode=what-if`)
  const field = page.getByLabel('Entities, one a line')
  await field.fill('user:u1\nuser:u2')
  const [id] = (await sessionOf(page)).split('.')
  await new Sessions(world.store, testSettings.session).end(id!, 'an administrator', 'the shift is over')
  await new Promise((resolve) => setTimeout(resolve, 2200))
  await page.getByRole('button', { name: 'Start a dry run' }).click()
  await page.getByRole('dialog').getByText('the shift is over').waitFor()
  await signIn(page, key)
  // What was asked before goes on by itself, under the new session.
  await page.getByText('stay as they are').or(page.getByText('Nothing names')).first().waitFor({ timeout: 60_000 })
  await expect(field.inputValue()).resolves.toBe('user:u1\nuser:u2')
  expect((await sessionOf(page)).split('.')[0]).not.toBe(id)
  expect(decodeURIComponent(page.url())).not.toContain(key)
  expect(wrong).toEqual([])
}, 90_000)
