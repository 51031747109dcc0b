import { expect, test } from '@jest/globals'
import { killAtRandom } from '../support/kills/kills.js'
import { temporary } from './cli-command.js'

test('a service that is killed in the middle of its night loses nothing and doubles nothing', async () => {
  const folder = temporary()
  try {
    const report = await killAtRandom({
      kills: 3,
      seed: 7,
      folder: folder.path('.'),
      store: folder.path('store.duckdb'),
      nights: 2,
      control: false,
    })
    const none = { lost: [], doubled: [] }
    expect(report).toMatchObject({
      kills: 3,
      interactions: none,
      runs: none,
      webhooks: none,
      results: none,
    })
    expect(report.counts.interactions).toBe(10_000)
    expect(report.counts.webhooks).toBeGreaterThan(2 * report.nights)
  } finally {
    folder.remove()
  }
}, 180_000)
