/** How each view looks: nothing serious for axe in light and dark, wide and narrow, nothing beside the screen, and as it looked before. */
import { expect, test } from '@jest/globals'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { pictureDifference, unlikeKept } from '../support/compare-pictures.js'
import { ODD } from '../support/console-world.js'
import { useConsole } from '../support/use-console.js'

const pages = useConsole()

const settled = (page: Page): Promise<void> => page.locator('.canvas[data-settled]').waitFor({ timeout: 30_000 })

const looks = [
  { width: 1280, dark: false },
  { width: 1280, dark: true },
  { width: 390, dark: true },
  { width: 390, dark: false },
] as const

const check = async (page: Page, view: string): Promise<void> => {
  await page.waitForLoadState('networkidle')
  if (view.startsWith('/rings/')) await settled(page)
  // What is folded is read too.
  await page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
  await page.evaluate(axe.source)
  for (const { width, dark } of looks) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
    const found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as axe.AxeResults
    const serious = found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html)}`)
    const scrolled = await page.evaluate('document.documentElement.scrollWidth')
    expect({ view, width, dark, serious, scrolled }).toEqual({ view, width, dark, serious: [], scrolled: width })
  }
}

test.each([
  '/',
  '/rings',
  `/rings/${ODD}?fact=0`,
  '/entities/user:big-0?with=user:big-1',
  '/cases?whose=all',
  '/decisions',
  '/compare',
  '/compare?mode=what-if',
])(
  '%s: nothing serious for axe and nothing beside the screen, in light and dark, at 1280 and 390 pixels',
  async (view) => {
    const { page, wrong } = await pages.open(view)
    await check(page, view)
    expect(wrong).toEqual([])
    await page.context().close()
  },
  60_000,
)

/** Cells that may differ: runs and cases have times of their own, and fonts differ. */
const MOST = 0.03

test.each<[string, string, { readonly width?: number; readonly dark?: boolean }]>([
  ['console-ring', `/rings/${ODD}`, {}],
  ['console-rings', '/rings?behaviour=lockstep', { dark: true }],
  ['console-entity', '/entities/user:big-0', { width: 390 }],
])(
  '%s looks as it did',
  async (name, view, look) => {
    const { page } = await pages.open(view, look)
    await page.waitForLoadState('networkidle')
    if (view.startsWith('/rings/')) await settled(page)
    expect(await unlikeKept(name, await page.screenshot(), MOST)).toBe('')
    await page.context().close()
  },
  60_000,
)

test('a page in other colours, or with a panel missing, does not look as it did', async () => {
  const { page } = await pages.open('/entities/user:big-0', { width: 390 })
  await page.waitForLoadState('networkidle')
  const before = await page.screenshot()
  expect(await pictureDifference(before, await page.screenshot())).toBe(0)
  await page.evaluate("document.querySelector('section.panel').remove()")
  expect(await pictureDifference(before, await page.screenshot())).toBeGreaterThan(MOST)
  await page.reload()
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.waitForLoadState('networkidle')
  expect(await pictureDifference(before, await page.screenshot())).toBeGreaterThan(0.5)
}, 60_000)

// The last one: what it decides would be in the pictures.
test('a case with a comment: nothing serious for axe and nothing beside the screen', async () => {
  const headers = { 'content-type': 'application/json' }
  const post = async (path: string, body: object) =>
    (await (
      await fetch(`${pages.server.address}/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    ).json()) as { id: string }
  const { id } = await post('/cases', {
    subject: `ring:${ODD}`,
    title: '<b>a title</b>',
    dueAt: '2020-01-01T00:00:00Z',
  })
  await post(`/cases/${id}/comments`, { text: 'seen '.repeat(80) })
  await post('/labels', { subject: `ring:${ODD}`, label: 'escalated', reason: 'for the lead' })
  const { page, wrong } = await pages.open(`/cases/${id}`)
  await check(page, '/cases/…')
  expect(wrong).toEqual([])
  await page.context().close()
}, 60_000)
