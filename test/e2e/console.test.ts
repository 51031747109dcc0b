/** The console as people use it, in a real browser on a real service. */
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { BIG, BIG_MEMBERS, MERGED, ODD, oddNames } from '../support/console-world.js'
import { useConsole } from '../support/use-console.js'

const pages = useConsole()
const { open } = pages

/** A machine that does other work too takes longer; the benchmark `console` says how long it takes alone. */
const FIRST_PICTURE_MS = 6000

const hashOf = (page: Page): string => decodeURIComponent(new URL(page.url()).hash)

/** Colours in a picture of an element that are not grey: what roles and marks are drawn with. */
const coloured = async (page: Page, selector: string): Promise<number> => {
  const { data } = PNG.sync.read(await page.locator(selector).screenshot())
  let count = 0
  for (let at = 0; at < data.length; at += 4)
    if (Math.max(data[at]!, data[at + 1]!, data[at + 2]!) - Math.min(data[at]!, data[at + 1]!, data[at + 2]!) > 60)
      count++
  return count
}

const settled = (page: Page): Promise<void> => page.locator('.canvas[data-settled]').waitFor({ timeout: 30_000 })

test('from the overview over filters to a ring, by mouse and by keyboard, and a link opens the same view', async () => {
  const { page, wrong } = await open('/')
  await page.getByText('since the run before').waitFor()
  await expect(page.locator('section[aria-labelledby=changed] .rows').innerText()).resolves.toContain(BIG)
  await page.locator('section[aria-labelledby=leads] a').first().waitFor()
  await page.getByRole('link', { name: /^All \d+ rings$/ }).click()

  const rows = page.locator('table.rings tbody tr')
  await rows.first().waitFor()
  // The last one there, and none after it.
  const rowsAre = async (count: number): Promise<void> => {
    await rows.nth(count - 1).waitFor()
    await rows.nth(count).waitFor({ state: 'detached' })
  }
  const all = await rows.count()
  const option = page.locator('label.option', { hasText: 'Acting in step' })
  const count = Number(await option.locator('.count').innerText())
  expect(count).toBeGreaterThan(1)
  expect(count).toBeLessThan(all)
  await option.locator('input').check()
  await rowsAre(count)
  await page.getByLabel('Accounts from').fill('2000')
  await rowsAre(1)
  expect(hashOf(page)).toBe('#/rings?behaviour=lockstep&minAccounts=2000')
  await expect(page.locator('.numbers label', { hasText: 'Accounts from' }).innerText()).resolves.toContain(
    `1 of ${count}`,
  )
  await page.getByLabel('Name of this view').fill('large ones')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.reload()
  await rows.first().waitFor()
  await rowsAre(1)
  await page.getByRole('button', { name: 'Clear all filters' }).click()
  await rowsAre(all)
  await page.getByRole('link', { name: 'large ones' }).click()
  await rowsAre(1)

  await page.getByRole('button', { name: 'Clear all filters' }).click()
  await page.getByRole('button', { name: 'Chance leads' }).click()
  await expect(page.locator('th[aria-sort=ascending]').innerText()).resolves.toContain('Chance leads')
  await page.locator('body').press('/')
  await page.keyboard.type(BIG)
  await rowsAre(1)
  await page.keyboard.press('Tab')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.locator('.ring-head').waitFor()
  expect(hashOf(page)).toBe(`#/rings/${BIG}`)
  expect(await page.evaluate('document.activeElement.id')).toBe('main')
  // What was seen is no news at the next visit.
  await page.goto(`${pages.server.address}/#/`)
  await page.reload()
  await page.getByText('since your last visit').waitFor()
  expect(wrong).toEqual([])
}, 60_000)

test('a ring of more members than can be drawn: the picture is there soon, says what is not in it, and is steered by keys', async () => {
  const { page, wrong } = await open(`/rings/${BIG}`)
  await page.locator('.canvas canvas').first().waitFor()
  await page.locator('.shown').waitFor()
  const painted = (await page.evaluate("performance.getEntriesByName('picture')[0].startTime")) as number
  expect(painted).toBeLessThan(FIRST_PICTURE_MS)
  const shown = await page.locator('.shown').innerText()
  expect(shown).toMatch(/^Shown: 2,000 nodes, [\d,]+ edges\. Not shown: 460 members of least strength/)
  await expect(page.locator('section[aria-labelledby=members]').innerText()).resolves.toContain(
    `1,000 of ${BIG_MEMBERS.toLocaleString('en-US')}`,
  )
  await settled(page)
  expect(await coloured(page, '.canvas')).toBeGreaterThan(1500)

  const canvas = page.locator('.canvas')
  await canvas.focus()
  const before = await canvas.screenshot()
  await page.keyboard.press('+')
  await page.keyboard.press('ArrowLeft')
  await page.waitForTimeout(200)
  expect((await canvas.screenshot()).equals(before)).toBe(false)
  await page.keyboard.press('0')

  await page.getByLabel('Find in the picture').fill('big-v12')
  await page.keyboard.press('Enter')
  const chosen = page.getByRole('region', { name: 'The chosen node' })
  await expect(chosen.innerText()).resolves.toMatch(/big-v12/)
  await expect(chosen.innerText()).resolves.toMatch(
    /200 interactions in all, 200 neighbours, \d+ of them not in the picture/,
  )
  expect(hashOf(page)).toContain('node=video:big-v12')
  await page.locator('label.option', { hasText: 'like' }).locator('input').uncheck()
  expect(hashOf(page)).toContain('hide=like')
  await page.locator('label.option', { hasText: 'like' }).locator('input').check()
  await page.getByLabel('Picture as it was at').fill('100')
  await expect(page.locator('.time output').innerText()).resolves.toMatch(/^2026-01-1\d \d\d:\d\d$/)

  const fact = page.locator('button.fact').first()
  await fact.focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('.evidence tbody tr').count()).resolves.toBe(50)
  expect(hashOf(page)).toContain('fact=0')
  await expect(page.locator('.evidence tbody tr').first().innerText()).resolves.toMatch(
    /2026-01-1\d \d\d:\d\d:\d\d\s+like\s+user/,
  )
  await expect(page.locator('svg.timeline').getAttribute('aria-label')).resolves.toMatch(/^300 actions from 2026-01-1/)
  expect(wrong).toEqual([])
}, 60_000)

test('expanding says how many first, adds them, and is in the address', async () => {
  const rings = (await (await fetch(`${pages.server.address}/v1/rings`)).json()) as { rings: { id: string }[] }
  const id = rings.rings.find((ring) => ring.id !== BIG && ring.id !== ODD)!.id
  const graph = (await (await fetch(`${pages.server.address}/v1/rings/${id}/graph`)).json()) as {
    nodes: { entity: string; hidden: number }[]
  }
  const node = graph.nodes.find(({ hidden }) => hidden > 0 && hidden < 200)!
  const { page, wrong } = await open(`/rings/${id}?node=${encodeURIComponent(node.entity)}`)
  const step = page.getByRole('button', {
    name: `Add its ${node.hidden} neighbour${node.hidden === 1 ? '' : 's'} not shown`,
  })
  await step.click()
  const now = (graph.nodes.length + node.hidden).toLocaleString('en-US')
  await page.locator('.shown b', { hasText: now }).first().waitFor()
  expect(hashOf(page)).toContain(`expand=${node.entity}`)
  await page.getByRole('button', { name: 'Take its neighbours out again' }).click()
  await page
    .locator('.shown b', { hasText: graph.nodes.length.toLocaleString('en-US') })
    .first()
    .waitFor()

  await page.getByRole('button', { name: 'Count every fact again' }).click()
  await page.getByText('still hold against what the store has now').waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'GraphML' }).click(),
  ])
  expect(download.suggestedFilename()).toMatch(/\.graphml$/)
  expect(readFileSync(await download.path(), 'utf8')).toMatch(/<\/graphml>\s*$/)
  expect(wrong).toEqual([])
}, 60_000)

test('names with markup, right to left, long and with emoji are shown as they are; without times that is said', async () => {
  const { page, wrong } = await open(`/rings/${ODD}`)
  await page.getByText('No times are known of 12 interactions').waitFor()
  await page.getByText('so the campaign cannot be played').waitFor()
  const members = page.locator('section[aria-labelledby=members]')
  await members.locator('tbody tr').nth(3).waitFor()
  const text = await members.innerText()
  for (const name of [oddNames.markup.slice(0, 30), oddNames.rightToLeft, oddNames.emoji]) expect(text).toContain(name)
  expect(text).not.toContain(oddNames.long)
  await members.getByRole('button', { name: 'whole name of 500 characters' }).click()
  await expect(members.innerText()).resolves.toContain(oddNames.long)
  await expect(members.locator('bdi[dir=auto]').count()).resolves.toBe(4)
  expect(await page.evaluate('window.harmed === undefined && document.querySelectorAll("main img").length === 0')).toBe(
    true,
  )
  await members.getByRole('link', { name: oddNames.rightToLeft }).click()
  await page.getByText('Rings it is in').waitFor()
  await page.locator('section[aria-labelledby=its-rings] a', { hasText: ODD }).waitFor()
  expect(wrong).toEqual([])
}, 60_000)

test('a link to a ring that was merged leads to the one that goes on, with a note', async () => {
  const { page, wrong } = await open(`/rings/${MERGED}`)
  await page.getByText('was merged into this one').waitFor()
  expect(hashOf(page)).toMatch(new RegExp(`^#/rings/${BIG}\\?merged=${MERGED}`))
  await page.goto(`${pages.server.address}/#/rings/nobody`)
  await page.getByRole('alert').waitFor()
  await expect(page.getByRole('alert').innerText()).resolves.toContain('has no ring nobody')
  expect(wrong).toEqual([])
}, 60_000)

test('an entity: why these two and not that third', async () => {
  const { page, wrong } = await open('/entities/user:big-0')
  await page.getByText('Score, explained').waitFor()
  await page.getByText('a ranking, no probability').waitFor()
  await page.getByRole('button', { name: /^why/ }).first().click()
  await page.getByRole('heading', { name: 'Why these two' }).waitFor()
  await page.getByLabel('and not').fill(`user:${oddNames.emoji}`)
  await page.getByRole('button', { name: 'Tell' }).click()
  await page.getByText('Where the two were and it never was').waitFor()
  expect(hashOf(page)).toMatch(/with=user:big-\d+&not=/)
  expect(wrong).toEqual([])
}, 60_000)

test('two runs differ as they do, and a dry run says what would', async () => {
  const { page, wrong } = await open('/compare')
  await expect(page.locator('section', { hasText: 'Only in the later run' }).last().innerText()).resolves.toContain(ODD)
  await page.getByRole('button', { name: 'What if' }).click()
  await page.getByLabel('Types of interactions').fill('uses, operates')
  await page.getByRole('button', { name: 'Start a dry run' }).click()
  await page.getByText('stay as they are').waitFor({ timeout: 60_000 })
  expect(hashOf(page)).toMatch(/mode=what-if&job=/)
  expect(wrong).toEqual([])
}, 90_000)
