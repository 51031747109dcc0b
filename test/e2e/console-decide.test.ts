/** Deciding, cases and what follows from them, as people do it: in a real browser on a real service. */
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { makeApiKey } from '#src/jobs/api-keys.js'
import { ODD } from '../support/console-world.js'
import { useConsole } from '../support/use-console.js'

const pages = useConsole()
const { open } = pages

const labels = async (query: string) =>
  ((await (await fetch(`${pages.server.address}/v1/labels?${query}`)).json()) as { labels: { batch: string | null }[] })
    .labels
const decisionsOn = (page: Page) => page.getByRole('region', { name: 'Decisions' })

test('two decide on a ring at once: the second sees the first, decides all the same, and takes it back', async () => {
  const first = await open(`/rings/${ODD}?fact=0`)
  const second = await open(`/rings/${ODD}`)
  for (const { page } of [first, second]) await decisionsOn(page).getByLabel('Reason').waitFor()

  const one = decisionsOn(first.page)
  await one.getByLabel(/^Confirmed/).check()
  await one.getByLabel('Reason').fill('same script, same minute')
  await one.getByLabel(/^Counts until/).fill('2999-01-01')
  await one.getByRole('button', { name: 'Add the 12 interactions of the opened fact' }).click()
  // What is typed survives a reload.
  await first.page.reload()
  await expect(one.getByLabel('Reason').inputValue()).resolves.toBe('same script, same minute')
  await one.getByRole('button', { name: 'Decide: confirmed' }).click()
  await one.getByText('Decide anew').waitFor()
  await expect(one.innerText()).resolves.toMatch(/Confirmed\s+same script, same minute rests on like:odd-0-0/)

  const two = decisionsOn(second.page)
  await two.getByLabel(/^Cleared/).check()
  await two.getByLabel('Reason').fill('an agency')
  await two.getByRole('button', { name: 'Decide: cleared' }).click()
  await two.getByRole('alert').waitFor()
  await expect(two.getByRole('alert').innerText()).resolves.toContain('same script, same minute')
  await expect(two.getByLabel('Reason').inputValue()).resolves.toBe('an agency')
  await two.getByRole('button', { name: 'Decide all the same' }).click()
  await two.getByText('somebody decided later').waitFor()
  expect(await labels(`subject=ring:${ODD}`)).toMatchObject([
    { label: 'cleared', state: 'counts' },
    { label: 'confirmed', state: 'replaced', expiresAt: '2999-01-01T00:00:00.000Z', evidence: { length: 12 } },
  ])

  await two.getByRole('button', { name: /^take back/ }).click()
  await two.getByLabel('Why take it back').fill('the wrong ring')
  await second.page.keyboard.press('Enter')
  await two.getByText('Taken back by someone on this machine: the wrong ring').waitFor()
  expect(await labels(`subject=ring:${ODD}&state=counts`)).toMatchObject([{ label: 'confirmed' }])
  expect([...first.wrong, ...second.wrong]).toEqual([])
}, 60_000)

test('a bulk shows its count and a sample before it is written, and all of it is taken back', async () => {
  const { page, wrong } = await open(`/rings/${ODD}`)
  const members = page.getByRole('region', { name: /^Members/ })
  await members.getByText('Decide on all accounts').click()
  await members.getByLabel(/^Cleared/).check()
  await members.getByLabel('Reason').fill('one agency')
  await members.getByRole('button', { name: /^Look at what would be decided/ }).click()
  await members.getByText('4 entities: 4 cleared. Nothing was decided on any of them.').waitFor()
  expect((await labels('')).filter(({ batch }) => batch !== null)).toEqual([])
  await members.getByRole('button', { name: 'Write 4 decisions' }).click()
  await members.getByText(/^4 decisions written as bulk/).waitFor()
  expect(await labels('state=counts')).toHaveLength(5)
  await members.getByRole('button', { name: 'Take all 4 back' }).click()
  await members.getByText('4 decisions taken back').waitFor()
  expect(await labels('state=counts')).toHaveLength(1)

  await page.goto(`${pages.server.address}/#/decisions`)
  await expect(page.getByRole('region', { name: 'Table of detectors' }).innerText()).resolves.toMatch(
    /lockstep\s+1\s+0\s+0\s+0\s+100 % \(21 % to 100 %\)/,
  )
  expect(wrong).toEqual([])
}, 60_000)

test('an entity is hidden from detection and shown again', async () => {
  const { page, wrong } = await open('/entities/user:big-0')
  const list = page.getByRole('region', { name: 'Allow-list' })
  await list.getByText('Detection sees it.').waitFor()
  await list.getByText('Hide it from detection').click()
  await list.getByLabel(/^What, as kind:id/).fill('user:big-*')
  await list.getByLabel('Why detection should not see it').fill('our own load test')
  await list.getByRole('button', { name: 'Hide from detection' }).click()
  await list.getByText('our own load test').waitFor()
  const answer = await (await fetch(`${pages.server.address}/v1/allow-list`)).json()
  expect(answer).toMatchObject({ entries: [{ name: 'user:big-*', holds: true, expiresAt: null }] })
  await list.getByRole('button', { name: /^take off the list/ }).click()
  await list.getByLabel('Why take it off').fill('the test is over')
  await page.keyboard.press('Enter')
  await list.getByText('Detection sees it.').waitFor()
  expect(wrong).toEqual([])
}, 60_000)

test('a case from a ring to hand-over, and open again after an appeal; two who change it see each other', async () => {
  const { page, wrong } = await open(`/rings/${ODD}`)
  const panel = page.getByRole('region', { name: 'Cases' })
  await panel.locator('summary').click()
  await panel.getByLabel(/^Due/).fill('2020-02-03')
  await panel.getByRole('button', { name: 'Open a case' }).click()
  await page.getByRole('heading', { name: 'Acting in step, 4 accounts' }).waitFor()
  await page.getByText('was due 2020-02-03').waitFor()
  const other = await open(new URL(page.url()).hash.slice(1))
  await other.page.getByLabel('Status').selectOption('in-review')
  await other.page.getByRole('button', { name: 'Save' }).click()
  await other.page.locator('main .chip', { hasText: 'In review' }).waitFor()

  await page.getByLabel('Who has it').fill('ada')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Somebody changed it while you did.').waitFor()
  await expect(page.getByLabel('Who has it').inputValue()).resolves.toBe('ada')
  await page.getByLabel('Status').selectOption('closed')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('main .chip', { hasText: 'Closed' }).waitFor()

  await page.getByLabel('Comment').fill('it was a school')
  await page.getByRole('button', { name: /^Record it as an appeal/ }).click()
  await page.locator('main .chip', { hasText: 'Appeal' }).waitFor()
  await page.getByRole('button', { name: 'I take it' }).click()
  await page.getByText('someone on this machine has it').waitFor()
  const [file] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', { name: 'Case file' }).click()])
  await file.waitForLoadState()
  await expect(file.locator('body').innerText()).resolves.toContain(ODD)
  await file.close()
  await page.getByRole('link', { name: 'Cases' }).first().click()
  await page.getByText('1 case, 1 past its date').waitFor()
  await page.getByRole('link', { name: 'Acting in step, 4 accounts' }).waitFor()
  expect([...wrong, ...other.wrong]).toEqual([])
}, 60_000)

test('what may come next is shown with its intervals and with how far that is known; leads by expected harm with their parts', async () => {
  const asked = await fetch(`${pages.server.address}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'forecast' }),
  })
  const { id } = (await asked.json()) as { id: string }
  await (await fetch(`${pages.server.address}/v1/jobs/${id}/events`)).text()
  const forecasts = (await (await fetch(`${pages.server.address}/v1/forecasts?limit=1`)).json()) as {
    forecasts: { ring: string; domain: string }[]
    knows: { sentence: string }
  }
  const [pair] = forecasts.forecasts
  const { page, wrong } = await open(`/rings/${pair!.ring}`)
  const panel = page.getByRole('region', { name: 'Where it may show up next' })
  await panel.getByText(forecasts.knows.sentence).waitFor()
  const row = panel.getByRole('row', { name: new RegExp(`^${pair!.domain} `) })
  await expect(row.innerText()).resolves.toMatch(/([\d.]+ %\s+[\d.]+ % to [\d.]+ %\s*){3}$/)

  await page.goto(`${pages.server.address}/#/`)
  await page.getByRole('img', { name: 'Rings expected in a further domain within 28 days' }).waitFor()
  const first = page.getByRole('region', { name: 'Leads to look at first' }).locator('li.lead').first()
  await expect(first.innerText()).resolves.toMatch(
    /r-big[\s\S]*expected harm 2,400 = over 99\.9 % that it is right × 2,400 that it touches/,
  )
  await page.getByText('No model is in use').waitFor()
  expect(wrong).toEqual([])
}, 60_000)

/** Tabs until what has the focus is what is meant, as somebody without a mouse does. */
const tabTo = async (page: Page, name: RegExp): Promise<void> => {
  for (let tabs = 0; tabs < 150; tabs++) {
    const focused = (await page.evaluate(
      "(({ activeElement: e }) => [e.ariaLabel, e.textContent, ...[...(e.labels ?? [])].map((l) => l.textContent)].join(' '))(document)",
    )) as string
    if (name.test(focused.trim())) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`No Tab leads to ${name}.`)
}

test('from the overview to a decision and back by keyboard alone', async () => {
  const { page, wrong } = await open('/')
  await page.locator('li.lead').first().waitFor()
  await tabTo(page, /^To the content/)
  await page.keyboard.press('Enter')
  await tabTo(page, /^Acting in step.*r-big$/)
  await page.keyboard.press('Enter')
  const panel = decisionsOn(page)
  await panel.getByRole('radio').first().waitFor()
  await tabTo(page, /^Picture of the ring/)
  await tabTo(page, /^Confirmed/)
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowDown')
  await tabTo(page, /^Reason/)
  await page.keyboard.type('one school')
  await tabTo(page, /^Decide: cleared/)
  await page.keyboard.press('Enter')
  await panel.getByText('one school').waitFor()
  expect(await labels('subject=ring:r-big')).toMatchObject([{ label: 'cleared', reason: 'one school' }])
  await tabTo(page, /^take back/)
  await page.keyboard.press('Enter')
  await page.keyboard.type('a slip')
  await page.keyboard.press('Enter')
  await panel.getByText('Taken back by someone on this machine: a slip').waitFor()
  expect(wrong).toEqual([])
}, 60_000)

test('the lasso takes nodes together, to be saved or decided on', async () => {
  const { page, wrong } = await open(`/rings/${ODD}`)
  await page.locator('.canvas[data-settled]').waitFor()
  await page.getByRole('button', { name: 'Lasso' }).click()
  const box = (await page.locator('.lasso').boundingBox())!
  await page.mouse.move(box.x + 2, box.y + 2)
  await page.mouse.down()
  for (const [x, y] of [
    [box.width - 2, 2],
    [box.width - 2, box.height - 2],
    [2, box.height - 2],
  ] as const)
    await page.mouse.move(box.x + x, box.y + y, { steps: 4 })
  await page.mouse.up()
  const taken = page.getByRole('region', { name: 'Taken together' })
  await taken.getByText('7 nodes taken together, 4 of them members.').waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    taken.getByRole('button', { name: 'Save as CSV' }).click(),
  ])
  const rows = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\r\n')
  expect(rows).toHaveLength(8)
  expect(rows[0]).toBe('ring,entity,kind,role,score')
  expect(rows).toContain(`${ODD},video:odd-v1,video,,`)
  await taken.getByText('Decide on the 7 nodes').waitFor()
  await taken.getByRole('button', { name: 'Let go' }).click()
  await taken.waitFor({ state: 'detached' })
  // The same without a mouse: what is in view.
  await page.getByRole('button', { name: 'Take all in view' }).click()
  await taken.getByText('7 nodes taken together').waitFor()
  expect(wrong).toEqual([])
}, 60_000)

test('several rings are exported at once by a job, as they are filtered', async () => {
  const { page, wrong } = await open(`/rings?q=${ODD}`)
  const form = page.getByRole('form', { name: 'Export this ring' })
  await form.getByLabel(/^Export this ring as/).selectOption('csv')
  await form.getByRole('button', { name: 'Make the files' }).click()
  const link = form.getByRole('link', { name: 'members.csv' })
  await link.waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  expect(
    readFileSync(await download.path(), 'utf8')
      .trimEnd()
      .split('\n'),
  ).toHaveLength(5)
  expect(wrong).toEqual([])
}, 60_000)

// The last one: from here on the service asks for a key.
test('a session that ends while somebody decides: nothing typed is lost, and the decision is whose key it is', async () => {
  const { page, wrong } = await open('/entities/user:big-1')
  const panel = decisionsOn(page)
  await panel.locator('summary').click()
  await panel.getByLabel(/^Escalated/).check()
  await panel.getByLabel('Reason').fill('for the lead')
  const { key, record } = makeApiKey('investigator', 'ada')
  await pages.world.store.createKey(record)
  await page.waitForTimeout(2200)
  await panel.getByRole('button', { name: 'Decide: escalated' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await panel.getByText(/^ada \(k-/).waitFor()
  await expect(panel.innerText()).resolves.toMatch(/Escalated\s+for the lead/)
  expect(wrong).toEqual([])
}, 60_000)
