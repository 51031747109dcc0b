/**
 * Risk over a layered graph of ten domains: the whole run, each sweep beside a bare gather loop over the same arrays, and repair after a
 * thousand new interactions beside a full run over all of them. `--count N` interactions, default ten million.
 */
import { entityKindByCode, interactionType, interactionTypeByCode, scenarios } from '#graph-schema/schema.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import type { RawGraph } from '#src/graph/raw-graph.js'
import { entityId, findEntity, type Snapshot } from '#src/graph/snapshot.js'
import { sweepBeliefs } from '#src/kernels/belief-sweeps.js'
import { Random } from '#src/kernels/random.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { layersOf, nodeOf } from '#src/risk/propagation/domains.js'
import { type ArrivedInteraction, LiveRisk, REPAIR_TOLERANCE } from '#src/risk/propagation/live-risk.js'
import { propagateRisk, type RiskField } from '#src/risk/propagation/propagate.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { countOption, option } from './lib/options.js'
import { syntheticPlatform } from './lib/synthetic-platform.js'

const markets = ['', 'BR', 'ID', 'TH', 'US', 'VN']
/** When the last of the platform's ninety days ends. */
const now = 1_700_000_000_000 + 90 * 86_400_000
/** Share of what an account does outside its own market. */
const abroad = 0.02
const batches = 30
const batchSize = 1000
const limits = { seconds: 10, megabytes: 3072, sweep: 1.5, repairMs: 50 }

/** Content in five markets, shelf in four, accounts in one: ten domains. */
const inTenDomains = (raw: RawGraph): RawGraph => {
  const random = new Random(7)
  for (let i = 0; i < raw.count; i++) {
    const account = raw.scenario[i] === scenarios.account.code
    const places = raw.scenario[i] === scenarios.shelf.code ? 4 : 5
    const home = raw.actor[i]! % places
    raw.market[i] = account ? 0 : 1 + (random.float() < abroad ? random.below(places) : home)
  }
  return { ...raw, markets, asOf: now }
}

/** One account in two hundred is known bad. */
const labelsOf = (snapshot: Snapshot): LabelRecord[] => {
  const { kindOffsets } = snapshot.entities
  const labels: LabelRecord[] = []
  for (let entity = kindOffsets[1]!; entity < kindOffsets[2]!; entity += 200)
    labels.push({ kind: 'user', id: entityId(snapshot, entity), label: 1, at: null, group: '' })
  return labels
}

const gatherRows = (
  offsets: Int32Array,
  columns: Int32Array,
  weights: Float32Array,
  from: Float64Array,
  into: Float64Array,
  start: number,
  end: number,
): void => {
  for (let i = start; i < end; i++) {
    let sum = 0
    for (let k = offsets[i]!, to = offsets[i + 1]!; k < to; k++) sum += weights[k]! * from[columns[k]!]!
    into[i] = sum
  }
}

/** Seconds of one pass over all entries that does nothing but gather. */
const gatherSeconds = ({ system, risk }: RiskField): number => {
  const { rowCount, offsets, columns, coefficient } = system
  const into = new Float64Array(rowCount)
  const times: number[] = []
  for (let run = 0; run < 7; run++) {
    const start = performance.now()
    for (let from = 0; from < rowCount; from += 1 << 13)
      gatherRows(offsets, columns, coefficient, risk, into, from, Math.min(rowCount, from + (1 << 13)))
    times.push((performance.now() - start) / 1000)
  }
  return median(times)
}

/** An interaction like others, by the raw graph's numbers of entities and by the snapshot's. */
interface Arrival {
  readonly raw: ArrivedInteraction
  readonly placed: ArrivedInteraction
}

const arrivals = (raw: RawGraph, snapshot: Snapshot, seed: number): Arrival[] => {
  const random = new Random(seed, 3)
  const place = (entity: number): number => {
    const id = Buffer.from(raw.names.slice(raw.nameOffsets[entity]!, raw.nameOffsets[entity + 1]!)).toString()
    return findEntity(snapshot, entityKindByCode[raw.entityKind[entity]!]!, id)
  }
  return Array.from({ length: batchSize }, () => {
    const like = random.below(raw.count)
    const other = random.below(raw.count)
    const type = interactionTypeByCode[raw.type[like]!]!
    const same = raw.type[other] === raw.type[like]
    const given = {
      type,
      actor: raw.actor[like]!,
      target: same ? raw.target[other]! : raw.target[like]!,
      scenario: interactionType(type).scenario,
      market: raw.market[like]!,
      at: now,
      weight: 1,
    }
    return { raw: given, placed: { ...given, actor: place(given.actor), target: place(given.target) } }
  })
}

const appended = (raw: RawGraph, more: readonly ArrivedInteraction[]): RawGraph => {
  const n = raw.count + more.length
  const larger = <T extends Int32Array | Uint8Array | Uint16Array | Float64Array | Float32Array>(given: T): T => {
    const { BYTES_PER_ELEMENT } = given
    const Maker = given.constructor as new (buffer: SharedArrayBuffer) => T
    const result = new Maker(new SharedArrayBuffer(n * BYTES_PER_ELEMENT))
    result.set(given)
    return result
  }
  const result = {
    ...raw,
    count: n,
    type: larger(raw.type),
    actor: larger(raw.actor),
    target: larger(raw.target),
    at: larger(raw.at),
    weight: larger(raw.weight),
    market: larger(raw.market),
    scenario: larger(raw.scenario),
  }
  for (const [i, each] of more.entries()) {
    const at = raw.count + i
    result.type[at] = interactionTypeByCode.indexOf(each.type)
    result.actor[at] = each.actor
    result.target[at] = each.target
    result.at[at] = each.at
    result.weight[at] = 1
    result.market[at] = each.market
    result.scenario[at] = scenarios[each.scenario].code
  }
  return result
}

export const bench: Bench = {
  title: 'Risk over a layered graph: a run, its sweeps, and repair',
  async run({ args, note }) {
    const count = countOption(args, 10_000_000)
    const raw = inTenDomains(syntheticPlatform(count))
    const snapshot = buildSnapshot(raw)
    const labels = labelsOf(snapshot)
    const stages: string[] = []
    let last = performance.now()
    const start = last
    const field = propagateRisk(
      snapshot,
      { rings: null, labels, scores: [] },
      {},
      {
        progress: (step) => {
          stages.push(`${step} at ${((performance.now() - start) / 1000).toFixed(2)} s`)
          last = performance.now()
        },
      },
    )
    const seconds = (performance.now() - start) / 1000
    const megabytes = process.resourceUsage().maxRSS / 1024
    note(stages.join(', '))
    note(
      `${field.layers.nodeDomain.length} copies in ${field.layers.domains.length} domains, ${field.system.columns.length} entries, ` +
        `${field.sweeps} sweeps, error at most ${field.bound.toExponential(1)}; ${megabytes.toFixed(0)} MB`,
    )
    const solving = performance.now()
    const again = sweepBeliefs(field.system, field.seeds.explicit)
    // One more pass computes the residual for the bound.
    const sweep = (performance.now() - solving) / 1000 / (again.sweeps + 1)
    const gather = gatherSeconds(field)
    note(`a sweep ${(1000 * sweep).toFixed(0)} ms, a bare gather ${(1000 * gather).toFixed(0)} ms`)

    const tolerance = Number(option(args, 'repair') ?? REPAIR_TOLERANCE)
    const live = new LiveRisk(snapshot, field, tolerance)
    const times: number[] = []
    const all: ArrivedInteraction[] = []
    let pushes = 0
    for (let batch = 0; batch < batches; batch++) {
      const more = arrivals(raw, snapshot, batch + 1)
      all.push(...more.map((each) => each.raw))
      const from = performance.now()
      pushes += live.add(more.map((each) => each.placed)).pushes
      times.push(performance.now() - from)
    }
    times.sort((a, b) => a - b)
    const p99 = times[Math.ceil(0.99 * batches) - 1]!
    note(
      `repair: median ${median(times).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${(pushes / batches).toFixed(0)} pushes a batch`,
    )
    const fullSnapshot = buildSnapshot(appended(raw, all))
    const full = propagateRisk(fullSnapshot, { rings: null, labels, scores: [] })
    const layers = layersOf(fullSnapshot, () => {})
    let difference = 0
    for (let entity = 0; entity < snapshot.entities.count; entity++)
      for (const { node, domain } of live.copiesOf(entity))
        difference = Math.max(difference, Math.abs(live.riskOf(node) - full.risk[nodeOf(layers, entity, domain)]!))
    const figure = (metric: string, value: number, unit: string, reference: number): Figure => ({
      bench: 'propagation',
      model: `${count} interactions`,
      metric,
      value,
      unit,
      spread: null,
      reference,
      referenceName: 'limit',
    })
    return [
      figure('time', seconds, 's', limits.seconds),
      figure('peak memory', megabytes, 'MB', limits.megabytes),
      figure('sweep by gather', sweep / gather, 'times', limits.sweep),
      figure('repair p99', p99, 'ms', limits.repairMs),
      figure('repaired less full', difference, 'risk', live.bound + full.bound),
    ]
  },
}
