/** `ringfence demo`: the whole way once, on a small simulated platform whose rings are known. */
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { detectors } from '../../detectors/registry.js'
import { RingfenceError } from '../../errors.js'
import { type DetectOutcome, defaultDetectParameters, runDetect } from '../../jobs/detect.js'
import { type Comparison, compareWithTruth } from '../../simulate/compare.js'
import { recordBatches } from '../../simulate/output.js'
import { defaultSimulation, LEAST_INTERACTIONS } from '../../simulate/parameters.js'
import { Simulation } from '../../simulate/simulate.js'
import { behaviours } from '../../simulate/truth.js'
import { isServerStore, openStore } from '../../store/open.js'
import type { GraphStore } from '../../store/store.js'
import { version } from '../../version.js'
import { type Act, type Context, DEFAULT_STORE, isService } from '../context.js'
import { amount, port, wholeNumber } from '../options.js'
import { openProgress } from '../progress.js'
import { DEFAULT_HOST, DEFAULT_PORT, serveUntilStopped, whereItListens } from '../serving.js'
import { count, seconds, textTable } from '../table.js'

interface DemoOptions {
  readonly serve: boolean
  readonly port: number
  readonly seed: number
  readonly interactions: number
}

const DEMO_INTERACTIONS = 150_000

/** Beside the store: says that the file is the demo's own, so that another run may replace it. */
const markerOf = (path: string): string => `${path}.demo.json`

/** Makes room for a fresh world. A store that the demo has not made is never touched. */
const clearOldDemo = async (path: string): Promise<void> => {
  if (!existsSync(path)) return
  const marker: unknown = await readFile(markerOf(path), 'utf8')
    .then(JSON.parse)
    .catch(() => null)
  // Opening says whether another process holds the file, before anything is removed.
  const store = await openStore(path, { migrate: false, create: false })
  await store.close()
  if (marker === null)
    throw new RingfenceError(
      'usage',
      `${path} is there and was not made by the demo, so it is left alone: give --store another path.`,
      {
        store: path,
      },
    )
  for (const file of [path, `${path}.wal`, `${path}.rejected.ndjson`]) await rm(file, { force: true })
}

const simulate = (options: DemoOptions): Simulation => {
  const looked = new Set<string>(detectors.map((detector) => detector.behaviour))
  return new Simulation({
    ...defaultSimulation(options.interactions),
    seed: options.seed,
    behaviours: behaviours.filter((behaviour) => looked.has(behaviour)),
  })
}

const stopIfCancelled = (context: Context): void => {
  if (context.signal.aborted) throw new RingfenceError('job.cancelled', 'The demo was stopped.')
}

const load = async (context: Context, store: GraphStore, simulation: Simulation, total: number): Promise<number> => {
  const progress = openProgress(context.quiet)
  let accepted = 0
  try {
    for (const batch of recordBatches(simulation)) {
      stopIfCancelled(context)
      accepted += (await store.writeBatch(batch)).accepted
      progress.update(accepted / total, `${count(accepted)} interactions loaded`)
    }
    await store.checkpoint()
  } finally {
    progress.stop()
  }
  return accepted
}

const percent = (value: number): string => `${Math.round(value * 100)} %`

const comparisonText = ({ planted, falseRings, innocents }: Comparison): string => {
  const counts = { found: 0, partly: 0, missed: 0 }
  for (const each of planted) counts[each.verdict]++
  const table = textTable(
    ['planted ring', 'accounts', 'result', 'overlap', 'found as', 'seen as'],
    planted.map((each) => [
      each.id,
      String(each.accounts),
      each.verdict,
      percent(each.overlap),
      each.verdict === 'missed' ? '' : (each.ring ?? ''),
      each.verdict === 'missed' ? '' : each.behaviours.join(' '),
    ]),
    [1, 3],
  )
  const touched = innocents.filter((group) => group.ring !== null)
  const stories = [...new Set(innocents.map((group) => group.story))].join(', ')
  return [
    table,
    '',
    `Of ${planted.length} planted rings ${counts.found} found, ${counts.partly} partly, ${counts.missed} missed. Rings that were not planted: ${falseRings.length}${
      falseRings.length > 0 ? ` (${falseRings.map((ring) => ring.id).join(', ')})` : ''
    }.`,
    touched.length === 0
      ? `None of the ${innocents.length} innocent groups came out as a ring (${stories}).`
      : `Innocent groups that came out as a ring: ${touched.map((group) => `${group.id} (${group.ring})`).join(', ')}.`,
  ].join('\n')
}

const summaryOf = (outcome: DetectOutcome, comparison: Comparison, interactions: number, took: number) => ({
  run: outcome.run.id,
  interactions,
  rings: outcome.rings.length,
  members: outcome.run.counts.members,
  planted: comparison.planted,
  falseRings: comparison.falseRings,
  innocents: comparison.innocents,
  seconds: took,
})

const build = async (context: Context, store: GraphStore, options: DemoOptions): Promise<void> => {
  const begin = performance.now()
  const simulation = simulate(options)
  const not = behaviours.filter((each) => !simulation.world.parameters.behaviours.includes(each))
  context.say(
    `Simulating ${count(options.interactions)} interactions of four weeks with ${simulation.rings.length} planted rings (seed ${options.seed}) …`,
  )
  if (not.length > 0) context.say(`Not planted, because no detector here looks for it: ${not.join(', ')}.`)
  const accepted = await load(context, store, simulation, options.interactions)
  const { entities } = await store.counts()
  context.say(
    `Loaded ${count(accepted)} interactions between ${count(entities)} entities into ${context.store}. Looking for rings …`,
  )
  const progress = openProgress(context.quiet)
  let outcome: DetectOutcome
  try {
    outcome = await runDetect(store, defaultDetectParameters(), {
      mode: 'write',
      signal: context.signal,
      progress: ({ done, stage }) => progress.update(done, stage),
    })
  } finally {
    progress.stop()
  }
  const comparison = compareWithTruth(simulation, outcome.rings)
  const took = (performance.now() - begin) / 1000
  await context.result(
    summaryOf(outcome, comparison, accepted, took),
    [
      `${count(outcome.rings.length)} rings with ${count(outcome.run.counts.members)} members, ${seconds(took)} in all.`,
      '',
      comparisonText(comparison),
      'The world is made up: it shows that the machinery works, not how good it is on real data. A ring is a lead, never a verdict.',
    ].join('\n'),
  )
}

/** What to try next, with the strongest ring and an account of it. */
const nextSteps = async (context: Context, store: GraphStore, address: string | null): Promise<string> => {
  if (address === null) {
    const flag = context.store === DEFAULT_STORE ? '' : ` --store ${context.store}`
    return ['Try next:', `  ringfence rings --members${flag}`, `  ringfence serve${flag}`].join('\n')
  }
  const ring = (await store.readRun(null))?.rings[0]
  const member = ring?.members.find(({ kind }) => kind === 'user' || kind === 'creator')
  const lines: string[] = []
  if (ring !== undefined) lines.push(`  curl ${address}/v1/rings/${encodeURIComponent(ring.id)}/members`)
  if (member !== undefined)
    lines.push(
      `  curl ${address}/v1/${member.kind === 'user' ? 'users' : 'creators'}/${encodeURIComponent(member.id)}/rings`,
    )
  return ['Try next:', `  ${address}/ in a browser: the console`, ...lines, `  ${address}/docs for the API`].join('\n')
}

const runDemo = async (context: Context, options: DemoOptions): Promise<void> => {
  if (isService(context.store) || isServerStore(context.store))
    throw new RingfenceError('usage', 'the demo works on a DuckDB file of its own: give --store a path, or nothing.')
  await clearOldDemo(context.store)
  await writeFile(markerOf(context.store), `${JSON.stringify({ version, seed: options.seed })}\n`)
  const store = await openStore(context.store)
  try {
    await build(context, store, options)
    if (options.serve)
      await serveUntilStopped(
        context,
        store,
        { host: DEFAULT_HOST, port: options.port, otherPort: true, withoutLog: true },
        async (server) => {
          context.say(
            `${whereItListens(server)}\n\n${await nextSteps(context, store, server.address)}\n\nCtrl-C stops it.`,
          )
        },
      )
    else context.say(await nextSteps(context, store, null))
  } finally {
    await store.close()
  }
}

export const addDemo = (program: Command, act: Act): void => {
  program
    .command('demo')
    .description(
      'Simulates a small platform, loads it into a DuckDB file, finds its rings, prints them beside those that were planted, and serves the API. A store that the demo has not made is left alone.',
    )
    .option('--no-serve', 'stop after printing')
    .option('--port <n>', 'port to serve on; where it is taken, the next free one is', port, DEFAULT_PORT)
    .option('--seed <n>', 'seed of the simulated platform', wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--interactions <n>', `size of the platform, ${LEAST_INTERACTIONS} or more`, amount, DEMO_INTERACTIONS)
    .addHelpText(
      'after',
      '\nExamples:\n  ringfence demo\n  ringfence demo --no-serve --seed 7\n  ringfence demo --store /tmp/demo.duckdb',
    )
    .action((options: DemoOptions, command: Command) => act(command, (context) => runDemo(context, options)))
}
