/** `ringfence forecast` as a person uses it: records, a detection, a forecast, and the same through a service. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { addressOf, oneObject, ringfence, start, stop, temporary } from './cli-command.js'

const folder = temporary()
const store = folder.path('graph.duckdb')
afterAll(() => folder.remove())

const forecast = (...args: readonly string[]) => ringfence(['forecast', ...args, '--store', store])

beforeAll(async () => {
  const world = folder.path('world')
  expect((await ringfence(['simulate', '--out', world, '--interactions', '20k', '--json'])).exit).toBe(0)
  const files = ['interactions.csv', 'entities.csv'].map((name) => folder.path(`world/${name}`))
  expect((await ringfence(['ingest', ...files, '--store', store, '--json'])).exit).toBe(0)
}, 60_000)

interface Told {
  readonly forecast: string | null
  readonly run: string
  readonly total: number
  readonly knows: { readonly beatsBaseRate: boolean; readonly sentence: string }
  readonly forecasts: readonly {
    readonly ring: string
    readonly domain: string
    readonly chance: Record<string, number>
  }[]
}

test('without a run it says what is missing; options that make no sense are told', async () => {
  const none = await forecast('--json')
  expect(none.exit).toBe(2)
  expect(oneObject(none)).toMatchObject({ error: { code: 'run.none' } })
  const last = await forecast('--last', '--json')
  expect(oneObject(last)).toMatchObject({ error: { code: 'forecast.none' } })
  expect((await forecast('--min-chance', '2')).exit).toBe(2)
  expect((await forecast('--limit', '0')).exit).toBe(2)
}, 60_000)

test('a forecast of a detection: with how far it is known, kept, shown again, filtered, and the same over a service', async () => {
  const detected = oneObject(await ringfence(['detect', '--detectors', 'lockstep,sybil', '--store', store, '--json']))
  const dry = oneObject(await forecast('--dry-run', '--json'))
  expect(dry).toMatchObject({ forecast: null, run: detected.run, changes: null })
  const made = oneObject(await forecast('--json')) as unknown as Told
  expect(made).toMatchObject({ run: detected.run, changes: null, past: null, scored: 0 })
  expect(made.total).toBeGreaterThan(0)
  expect(made.forecasts).toHaveLength(Math.min(20, made.total))
  // Two weeks of simulation in which no rule makes rings move: nothing may be claimed.
  expect(made.knows).toMatchObject({ beatsBaseRate: false, beatsRules: false })
  expect(made.knows.sentence).toMatch(/too short|did not beat the base rate/)
  const { domain, ring } = made.forecasts[0]!
  const shown = oneObject(await forecast('--last', '--json', '--domain', domain, '--ring', ring)) as unknown as Told
  expect(shown).toMatchObject({ forecast: made.forecast, total: 1, knows: made.knows })
  expect(shown.forecasts).toEqual([made.forecasts[0]])

  const text = await forecast('--last', '--limit', '1')
  expect(text.exit).toBe(0)
  // What is known stands first.
  expect(text.stdout.startsWith(made.knows.sentence)).toBe(true)
  expect(text.stdout).toContain(`1 of ${made.total.toLocaleString('en-US')} pairs`)

  const service = start(['serve', '--store', store, '--port', '0'], {
    keepOpen: true,
    env: { RINGFENCE_SEED_SCHEDULES: 'no' },
  })
  try {
    const remote = ['--store', await addressOf(service), '--json']
    const there = oneObject(await ringfence(['forecast', '--last', ...remote])) as unknown as Told
    expect(there).toMatchObject({ forecast: made.forecast, total: made.total, knows: made.knows })
    const again = oneObject(await ringfence(['forecast', ...remote])) as unknown as Told
    expect(again.forecast).not.toBe(made.forecast)
    expect(again.forecasts).toEqual(there.forecasts)
  } finally {
    await stop(service, 'SIGTERM')
  }
}, 120_000)
