/** A score's explanation: the score is that of the tables, shares add up, removals are exact, and the same question has the same answer. */
import { beforeAll, expect, test } from '@jest/globals'
import { findEntity, type Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type Backend, loadBackend } from '#src/model/backend.js'
import { EntityScorer } from '#src/model/explain/entity-scorer.js'
import { counterfactualSentence, Explainer, type Explanation } from '#src/model/explain/explain.js'
import { sentenceOf, valueText } from '#src/model/explain/wording.js'
import { type LabelledTraining, scoreWithModel, trainOnLabels } from '#src/model/product/labelled-training.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import type { EntityScores } from '#src/model/product/score-entities.js'
import { contributions } from '#src/model/trees/tree-shap.js'
import type { RunRecord, RunWithRings } from '#src/store/store.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

const HOUR = 3_600_000
const start = Date.UTC(2026, 0, 5)
const ringCount = 10
const ringSize = 5
const users = 180
const isPlanted = (user: number): boolean => user < ringCount * ringSize

/** Ten rings of five that share a device and like at one hour; others like when and what they want. */
const world = (random: Random): InteractionLine[] => {
  const lines: InteractionLine[] = []
  const like = (user: number, video: number, at: number) =>
    lines.push({ type: 'like', actor: `user:u${user}`, target: `video:v${video}`, at: start + at * HOUR, market: 'US' })
  for (let u = 0; u < users; u++) {
    const ring = isPlanted(u) ? Math.floor(u / ringSize) : -1
    const device = ring >= 0 ? `ring${ring}` : `own${u}`
    lines.push({ type: 'uses', actor: `user:u${u}`, target: `device:${device}`, at: start })
    for (let i = 0; i < 8; i++)
      if (ring >= 0 && i < 5) like(u, ring, 24 * i + (ring % 24) + random.float() / 2)
      else like(u, random.below(50), random.below(24 * 28) + random.float())
  }
  return lines
}

/** The last users are known to nobody. */
const records: LabelRecord[] = Array.from({ length: users - 30 }, (_, u) => ({
  kind: 'user',
  id: `u${u}`,
  label: isPlanted(u) ? 1 : 0,
  at: null,
  group: '',
}))

const ring = (r: number) => ({
  id: `ring-${r}`,
  score: 30 + r,
  fdr: 0.01,
  behaviours: ['lockstep'],
  detectors: ['lockstep'],
  window: null,
  types: [],
  markets: [],
  scenarios: [],
  facts: [],
  members: Array.from({ length: ringSize }, (_, i) => ({
    kind: 'user',
    id: `u${r * ringSize + i}`,
    role: 'core',
    score: 0.9,
  })),
})

const rings = {
  run: { id: 'run1', asOf: null } as RunRecord,
  rings: [0, 2, 4, 6, 8].map(ring),
} as unknown as RunWithRings

let backend: Backend
let snapshot: Snapshot
let trained: LabelledTraining
let scorer: EntityScorer
let explainer: Explainer
let table: EntityScores
const modelOf = () => ({ labels: trained.labels, models: trained.models, networks: trained.networks, seed: 1 })
beforeAll(async () => {
  backend = await loadBackend('wasm')
  snapshot = snapshotFrom(world(new Random(4)))
  trained = trainOnLabels({ snapshot, rings, backend, epochs: 4, records, seed: 1 })
  scorer = new EntityScorer({ snapshot, rings, model: modelOf(), backend })
  explainer = new Explainer(scorer, 1)
  table = scoreWithModel({ snapshot, rings, model: modelOf(), backend }).find(({ kind }) => kind === 'user')!
}, 60_000)

const entityOf = (user: number): number => findEntity(snapshot, 'user', `u${user}`)
const explained = (user: number, reasons = 8): Explanation => explainer.explain(entityOf(user), reasons)!

test('the score of every entity is that of scoring all of them', () => {
  for (let u = 0; u < users; u++) {
    const row = entityOf(u) - table.from
    const { score, low, high, labels } = explained(u, 0)
    expect(Math.abs(score - table.score[row]!)).toBeLessThan(1e-4)
    expect(Math.abs(low - table.interval!.low[row]!)).toBeLessThan(1e-3)
    expect(Math.abs(high - table.interval!.high[row]!)).toBeLessThan(1e-3)
    expect(Math.abs(labels - table.interval!.labels[row]!)).toBeLessThanOrEqual(1)
  }
})

test('GraphSAGE evaluated on plain arrays from own features is what the tensor library gives for the table', () => {
  for (const u of [0, 7, 60, 170]) {
    const one = scorer.score(entityOf(u))
    const kind = scorer.nodes.kindOf('user')
    const byFeatures = scorer.nodes.activated(kind, scorer.nodes.mixed(kind, one.sage.encoded))
    const stored = scorer.nodes.firstOf(kind, entityOf(u) - table.from)
    byFeatures.forEach((layer, n) => {
      for (let f = 0; f < layer.length; f++) expect(Math.abs(layer[f]! - stored[n]![f]!)).toBeLessThan(1e-4)
    })
  }
})

test('parts add up to the log-odds, and the trees features to the share of the trees', () => {
  for (const u of [0, 3, 12, 60, 120, 179]) {
    const { parts, intercept, logOdds, reasons, rest } = explained(u, 1000)
    expect(parts.map(({ name }) => name)).toEqual(['graphsage', 'trees', 'push', 'rings'])
    const sum = parts.reduce((total, { contribution }) => total + contribution, intercept)
    expect(Math.abs(sum - logOdds)).toBeLessThan(1e-9)
    const trees = parts.find(({ name }) => name === 'trees')!
    const told = reasons.filter(({ part }) => part === 'trees')
    const shares = told.reduce((total, { contribution }) => total + contribution, rest.expected + rest.contribution)
    expect(Math.abs(shares - trees.contribution)).toBeLessThan(1e-9)
    expect(rest.features).toBe(0)
    const few = explained(u, 2)
    const left = few.reasons.filter(({ part }) => part === 'trees')
    const again = left.reduce((total, each) => total + each.contribution, few.rest.expected + few.rest.contribution)
    expect(Math.abs(again - trees.contribution)).toBeLessThan(1e-9)
  }
})

test('shares of one ensemble are those of TreeSHAP, for a labelled entity of the trees that never saw it', () => {
  const entity = entityOf(4)
  const { ensembles } = trained.models.find(({ kind }) => kind === 'user')!
  const { row } = scorer.score(entity)
  const { values } = contributions(ensembles[scorer.partOf(entity)!]!, row)
  const weight = explained(4, 1000).parts.find(({ name }) => name === 'trees')!
  const factor = weight.contribution / weight.value
  for (const { part, feature, contribution } of explained(4, 1000).reasons) {
    if (part !== 'trees') continue
    const j = scorer.features.names.get('user')!.indexOf(feature)
    expect(Math.abs(contribution - factor * values[j]!)).toBeLessThan(1e-9)
  }
})

test('the same question twice, and asked of a service made anew, has the same bytes as answer', () => {
  const other = new Explainer(new EntityScorer({ snapshot, rings, model: modelOf(), backend }), 1)
  for (const u of [0, 20, 100, 175]) {
    const answer = JSON.stringify(explained(u))
    expect(JSON.stringify(explained(u))).toBe(answer)
    expect(JSON.stringify(other.explain(entityOf(u), 8))).toBe(answer)
  }
})

test('counterfactuals name the shared device and the ring, and score as a graph or run without them', () => {
  const { counterfactuals, score } = explained(0)
  expect(counterfactuals.map(({ without }) => without)).toEqual(expect.arrayContaining(['device:ring0', 'ring-0']))
  for (const each of counterfactuals) expect(each.score).not.toBe(Number.NaN)
  const sentence = counterfactualSentence(counterfactuals.find(({ without }) => without === 'device:ring0')!)
  expect(sentence).toMatch(/^Without device:ring0, which 5 entities meet: \.\d\d instead of \.\d\d\.$/)
  expect(sentence).toContain(`instead of ${score.toFixed(2).slice(1)}`)
  const fewer = { ...rings, rings: rings.rings.filter(({ id }) => id !== 'ring-0') }
  const without = scoreWithModel({ snapshot, rings: fewer, model: modelOf(), backend }).find((t) => t.kind === 'user')!
  const expected = without.score[entityOf(0) - without.from]!
  // Others' features of the ring go too in the table, which GraphSAGE sees in neighbours: the same within a hair.
  expect(Math.abs(counterfactuals.find(({ is }) => is === 'ring')!.score - expected)).toBeLessThan(0.05)
})

test('the neighbours that GraphSAGE hangs on are those whose removal moves its log-odds most', () => {
  const { reasons } = explained(0, 1000)
  const neighbours = reasons.filter(({ feature }) => feature === 'neighbour')
  expect(neighbours.map(({ ids }) => ids[0])).toContain('device:ring0')
  const sizes = reasons.map(({ contribution }) => Math.abs(contribution))
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
})

test('sentences say value, unit, what is usual and who stands behind it, and call nobody anything', () => {
  const text: string[] = []
  for (const u of [0, 11, 90, 179]) {
    const { reasons, counterfactuals } = explained(u)
    text.push(
      ...reasons.map((reason) => sentenceOf(reason)),
      ...counterfactuals.map((each) => counterfactualSentence(each)),
    )
  }
  for (const sentence of text) {
    expect(sentence).toMatch(/^[A-Z].*\.$/)
    expect(sentence).not.toMatch(/fraud|guilt|criminal|NaN|undefined|Infinity/i)
  }
  expect(
    text.some((sentence) => /the median of a sample of users is .*Behind it: (video|device):/.test(sentence)),
  ).toBe(true)
  expect(sentenceOf({ words: 'A.', ids: ['device:x'], more: 2 }, () => 'device:~1')).toBe(
    'A. Behind it: device:~1 and 2 more.',
  )
  expect(valueText(Math.log1p(48), 'log count')).toBe('3.89 (a count of 48)')
  expect(valueText(0.125, 'share')).toBe('12.5 %')
  expect(valueText(Math.log1p(7200), 'log seconds')).toBe('8.88 (2 h)')
  expect(valueText(null, 'days')).toBe('not known')
})

test('a kind without a model has no explanation', () => {
  expect(explainer.explain(findEntity(snapshot, 'video', 'v1'), 5)).toBeNull()
})
