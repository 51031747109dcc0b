/**
 * The screenshots of the README and of docs/investigator.md, from a store of the demo:
 * `ringfence demo --no-serve --store demo.duckdb`, then `propagate` and `forecast` with the same `--store`, then
 * `node build/scripts/pictures.js demo.duckdb`. It writes nothing to the store.
 */
import { statSync, writeFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { startServer } from '#src/server/server.js'
import { openStore } from '#src/store/open.js'
import { openBrowser } from './browser.js'

const MOST_BYTES = 300_000

/** Rows as they are, or each as the difference from the one before: which packs best depends on what is drawn. */
const FILTERS = [0, 1] as const

/** The smallest of what the browser packed in haste and what takes longer, without the alpha that nothing uses. */
const smallest = (picture: Buffer): Buffer => {
  const pixels = PNG.sync.read(picture)
  const packed = FILTERS.map((filterType) =>
    PNG.sync.write(pixels, { colorType: 2, inputHasAlpha: true, deflateLevel: 9, filterType }),
  )
  return [picture, ...packed].reduce((best, each) => (each.length < best.length ? each : best))
}

interface Shot {
  readonly name: string
  readonly view: string
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  readonly prepare?: (page: Page) => Promise<unknown>
}

const path = process.argv[2]
if (path === undefined) {
  process.stderr.write('usage: node build/scripts/pictures.js DEMO.duckdb\n')
  process.exit(2)
}
process.env.RINGFENCE_SEED_SCHEDULES = 'no'
const store = await openStore(path)
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
const server = await startServer(store, { host: '127.0.0.1', port: 0, logs: nowhere })
while ((await fetch(`${server.address}/health/ready`)).status !== 200)
  await new Promise((resolve) => setTimeout(resolve, 100))
const rings = ((await store.readRun(null))?.rings ?? []).filter(({ behaviours }) => behaviours.includes('matrix'))
const ring = rings[0]
if (!ring) throw new Error('The store has no ring of matrix accounts: use one that ringfence demo made.')
const member = ring.members.find(({ kind, role }) => kind === 'creator' && role === 'core')!

/** What most accounts do anyway: without it one sees what ties the ring. */
const hidden = ['view', 'click', 'like', 'follow', 'favorite'].map((type) => `hide=${type}`).join('&')

const shots: readonly Shot[] = [
  { name: 'overview', view: '/', height: 820 },
  { name: 'rings', view: '/rings?scenario=content', height: 620 },
  { name: 'ring', view: `/rings/${ring.id}?${hidden}`, height: 660 },
  {
    name: 'ring-dark',
    view: `/rings/${ring.id}?fact=4&${hidden}`,
    dark: true,
    height: 660,
  },
  {
    name: 'timeline',
    view: `/rings/${ring.id}`,
    height: 480,
    prepare: (page) => page.evaluate("document.getElementById('timeline').scrollIntoView()"),
  },
  {
    name: 'decide',
    view: `/rings/${ring.id}?fact=0&${hidden}`,
    height: 560,
    prepare: async (page) => {
      const panel = page.getByRole('region', { name: 'Decisions' })
      await panel.getByLabel(/^Confirmed/).check()
      await panel
        .getByLabel('Reason')
        .fill('One device and the same products within minutes; two of them answered from one mailbox.')
      await panel.getByRole('button', { name: /^Add the/ }).click()
      await panel.scrollIntoViewIfNeeded()
      await page.evaluate("document.getElementById('decisions').scrollIntoView()")
    },
  },
  {
    name: 'forecast',
    view: `/rings/${ring.id}?${hidden}`,
    height: 560,
    prepare: (page) => page.evaluate("document.getElementById('members').scrollIntoView()"),
  },
  { name: 'entity', view: `/entities/creator:${member.id}`, height: 760 },
  { name: 'narrow', view: `/rings/${ring.id}`, width: 390, height: 844 },
]

const browser = await openBrowser()
try {
  for (const { name, view, width = 1280, height = 800, dark = false, prepare } of shots) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' })
    const page = await context.newPage()
    await page.goto(`${server.address}/#${view}`)
    await page.waitForLoadState('networkidle')
    if (view.startsWith('/rings/')) await page.locator('.canvas[data-settled]').waitFor({ timeout: 60_000 })
    await prepare?.(page)
    const file = fileURLToPath(new URL(`../../docs/pictures/console-${name}.png`, import.meta.url))
    writeFileSync(file, smallest(await page.screenshot()))
    await context.close()
    const { size } = statSync(file)
    process.stderr.write(`${file}: ${Math.round(size / 1000)} kB\n`)
    if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MOST_BYTES}.`)
  }
} finally {
  await browser.close()
  await server.close()
  await store.close()
}
