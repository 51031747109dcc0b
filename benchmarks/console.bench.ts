/**
 * The console's picture of a ring with 2,000 nodes and nearly 10,000 edges, in a real browser that draws in software: time from opening the link to
 * the first picture, until the layout has settled, and frames a second while the picture is moved by one step each frame: it is moved as it was drawn,
 * and drawn anew four times a second.
 */
import { startServer } from '#src/server/server.js'
import { openBrowser, openPage } from '../test/support/browser.js'
import { BIG, openConsoleWorld, untilLoaded } from '../test/support/console-world.js'
import { Lines } from '../test/support/service.js'
import { type Bench, type Figure, median } from './lib/figure.js'

const RUNS = 5
const FIRST_PICTURE_MS = 2000
const FRAMES_PER_SECOND = 30
const MOVED_MS = 3000

/** Steps to and fro, one a frame: the picture is drawn anew for each. Answers frames a second. */
const MOVE = `new Promise((resolve) => {
  const canvas = document.querySelector('.canvas')
  const begin = performance.now()
  let frames = 0
  const step = () => {
    const passed = performance.now() - begin
    if (passed > ${MOVED_MS}) return resolve((1000 * frames) / passed)
    frames++
    canvas.dispatchEvent(new KeyboardEvent('keydown', { key: frames % 2 ? 'ArrowLeft' : 'ArrowRight', bubbles: true, cancelable: true }))
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
})`

const figure = (metric: string, unit: string, runs: readonly number[], reference: number): Figure => ({
  bench: 'console',
  model: 'ring of 2,000 nodes',
  metric,
  value: median(runs),
  unit,
  spread: (Math.max(...runs) - Math.min(...runs)) / 2,
  reference,
  referenceName: 'asked for',
  runs,
})

export const bench: Bench = {
  title: 'Console: the picture of a large ring in Chromium with software WebGL 2',
  async run({ note }) {
    const world = await openConsoleWorld()
    const server = await startServer(world.store, { host: '127.0.0.1', port: 0, logs: new Lines() })
    const browser = await openBrowser()
    try {
      await untilLoaded(server.address)
      const graph = (await (await fetch(`${server.address}/v1/rings/${BIG}/graph`)).json()) as {
        readonly nodes: readonly unknown[]
        readonly edges: readonly unknown[]
      }
      note(`${graph.nodes.length} nodes, ${graph.edges.length} edges, ${browser.version()}`)
      const first: number[] = []
      const settled: number[] = []
      const frames: number[] = []
      const empty: number[] = []
      for (let run = 0; run < RUNS; run++) {
        const { page } = await openPage(browser, server.address)
        await page.goto(`${server.address}/#/rings/${BIG}`)
        await page.locator('.shown').waitFor()
        first.push((await page.evaluate("performance.getEntriesByName('picture')[0].startTime")) as number)
        const canvas = page.locator('.canvas[data-settled]')
        await canvas.waitFor({ timeout: 120_000 })
        settled.push(Number(await canvas.getAttribute('data-settled')) / 1000)
        frames.push((await page.evaluate(MOVE)) as number)
        // What the browser gives here for drawing nothing: the machine may be busy with other things.
        await page.evaluate(
          "document.querySelector('.canvas').replaceWith(Object.assign(document.createElement('div'), { className: 'canvas' }))",
        )
        empty.push((await page.evaluate(MOVE)) as number)
        await page.context().close()
      }
      return [
        figure('first picture', 'ms', first, FIRST_PICTURE_MS),
        { ...figure('layout settled', 's', settled, 0), reference: null, referenceName: null },
        figure('moved', 'frames/s', frames, FRAMES_PER_SECOND),
        { ...figure('moved, with nothing to draw', 'frames/s', empty, 0), reference: null, referenceName: null },
      ]
    } finally {
      await browser.close()
      await server.close()
      await world.close()
    }
  },
}
