/**
 * The score of one account with its explanation over HTTP, by one connection: accounts and creators in turn, each once, so that nothing is
 * kept from one question to the next. The service is a process of its own; the graph is simulated, the model is trained on planted labels.
 *
 *   npm run bench -- score-http [--interactions 1000000] [--count 400]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { entityId, findEntity } from '#src/graph/snapshot.js'
import { makeApiKey } from '#src/jobs/api-keys.js'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { Random } from '#src/kernels/random.js'
import { loadBackend } from '#src/model/backend.js'
import { rangeOf, type ScoredKind } from '#src/model/features/product/sides.js'
import { trainOnLabels } from '#src/model/product/labelled-training.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { writeModel } from '#src/model/registry/model-folder.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import { version } from '#src/version.js'
import type { Bench, Figure } from './lib/figure.js'
import { countOption } from './lib/options.js'
import { quantile, served, timedGet, untilReady } from './lib/served.js'

const LIMIT_MS = 50
const WARM_UP = 30
const asked: readonly ScoredKind[] = ['creator', 'user']
const paths: Readonly<Record<string, string>> = { creator: 'creators', user: 'users' }
/** Enough for a model of the usual size; how good it is does not matter here. */
const epochs = 2
const labelledMost = 3000

/** A store with a run, a model beside it, a key and the addresses to ask. */
const prepare = async (folder: string, interactions: number, count: number, note: (line: string) => void) => {
  const store = await openStore(join(folder, 'store.duckdb'))
  try {
    const simulation = new Simulation(defaultSimulation(interactions))
    for (const batch of recordBatches(simulation)) await store.writeBatch(batch)
    const parameters = { ...defaultDetectParameters(), detectors: ['lockstep'] }
    const { run, rings, snapshot } = await runDetect(store, parameters, { mode: 'write' })
    note(`${snapshot.entities.count} entities, ${run.counts.interactions} interactions, ${rings.length} rings`)
    const labels = new Map<number, LabelRecord>()
    const label = (kind: LabelRecord['kind'], entity: number, value: 0 | 1, group: string) => {
      if (entity >= 0 && !labels.has(entity))
        labels.set(entity, { kind, id: entityId(snapshot, entity), label: value, at: null, group })
    }
    for (const { id, members } of simulation.rings)
      for (const { kind, index } of members)
        label(kind, findEntity(snapshot, kind, simulation.names.name(kind, index).slice(kind.length + 1)), 1, id)
    const random = new Random(1, 7)
    for (const kind of asked) {
      const { from, to } = rangeOf(snapshot, kind)
      for (let i = 0; i < labelledMost / asked.length; i++) label(kind, from + random.below(to - from), 0, '')
    }
    const backend = await loadBackend()
    const work = { snapshot, rings: { run, rings }, records: [...labels.values()], seed: 1, backend, epochs }
    const trained = trainOnLabels(work)
    note(`model of ${trained.models.map(({ kind, bad, good }) => `${kind} (${bad} bad, ${good} good)`).join(', ')}`)
    const { models, networks, labels: placed, window, skipped } = trained
    const model = { models, networks, labels: placed, window, skipped, version, seed: 1, asOf: null, run: run.id }
    await writeModel(
      join(folder, 'model'),
      { ...model, trainedAt: new Date(0).toISOString(), baseline: null },
      '# Made by a benchmark\n',
    )
    const { key, record } = makeApiKey('investigator', 'benchmark')
    await store.createKey(record)
    const scored = asked.filter((kind) => models.some((each) => each.kind === kind))
    if (scored.length === 0) throw new Error('The model has scores of no kind that is asked for.')
    const addresses = Array.from({ length: count + WARM_UP }, (_, i) => {
      const kind = scored[i % scored.length]!
      const { from, to } = rangeOf(snapshot, kind)
      return `/v1/${paths[kind]}/${encodeURIComponent(entityId(snapshot, from + random.below(to - from)))}/score`
    })
    return { key, addresses }
  } finally {
    await store.close()
  }
}

export const bench: Bench = {
  title: 'Score of one entity with its explanation over HTTP',
  run: async ({ args, note }) => {
    const interactions = countOption(args, 1_000_000, 'interactions')
    const count = countOption(args, 400, 'count')
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    try {
      const { key, addresses } = await prepare(folder, interactions, count, note)
      const ask = async (address: string) => {
        const began = performance.now()
        await untilReady(address, addresses[0]!, key)
        const ready = (performance.now() - began) / 1000
        note(`ready after ${ready.toFixed(0)} s`)
        const took: number[] = []
        for (const [i, path] of addresses.entries()) {
          const ms = await timedGet(address, path, key)
          if (i >= WARM_UP) took.push(ms)
        }
        took.sort((a, b) => a - b)
        const figure = (metric: string, value: number, reference: number | null): Figure => ({
          bench: 'score-http',
          model: `${interactions} interactions (simulated)`,
          metric,
          value,
          unit: 'ms',
          spread: null,
          reference,
          referenceName: reference === null ? null : 'limit',
        })
        return [figure('median', quantile(took, 0.5), null), figure('p99', quantile(took, 0.99), LIMIT_MS)]
      }
      return await served(folder, ask, { RINGFENCE_MODEL: join(folder, 'model') })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
