import { describe, expect, test } from '@jest/globals'
import { entityId, findEntity } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { averagePrecision } from '#src/model/metrics.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { LEAST_SOURCES } from '#src/risk/propagation/choose-form.js'
import { DEFAULT_FORM, type FormName } from '#src/risk/propagation/forms.js'
import { propagateRisk, type RiskField } from '#src/risk/propagation/propagate.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

const bad = (id: number): LabelRecord => ({ kind: 'user', id: String(id), label: 1, at: null, group: '' })

/** Bad accounts are busy and a quarter of their ties go to each other: who tells should share out what it holds. */
const busy = (seed: number): { readonly lines: InteractionLine[]; readonly members: number[] } => {
  const random = new Random(seed, 1)
  const members = Array.from({ length: 120 }, (_, i) => 12 * i)
  const isMember = new Set(members)
  const lines: InteractionLine[] = []
  for (let from = 0; from < 1500; from++)
    for (let tie = 0; tie < (isMember.has(from) ? 20 : 5); tie++) {
      const near = isMember.has(from) && random.below(4) === 0
      const to = near ? members[random.below(members.length)]! : random.below(1500)
      if (to !== from) lines.push({ type: 'associate', actor: `user:${from}`, target: `user:${to}` })
    }
  return { lines, members }
}

/** Rings like obscure videos together, everybody likes popular ones; what is declared of a like is little. */
const likes = (seed: number): { readonly lines: InteractionLine[]; readonly members: number[] } => {
  const random = new Random(seed, 2)
  const lines: InteractionLine[] = []
  const like = (user: number, video: number): void => {
    lines.push({ type: 'like', actor: `user:${user}`, target: `video:${video}` })
  }
  for (let user = 0; user < 1500; user++) for (let i = 0; i < 6; i++) like(user, Math.floor(400 ** random.float()))
  const members: number[] = []
  for (let ring = 0; ring < 8; ring++) {
    const videos = Array.from({ length: 6 }, () => random.below(400))
    for (let i = 0; i < 12; i++) {
      const user = random.below(1500)
      members.push(user)
      for (const video of videos) if (random.below(3) > 0) like(user, video)
    }
  }
  return { lines, members }
}

const foundBy = (
  world: ReturnType<typeof busy>,
  form: FormName | 'auto',
): { readonly field: RiskField; readonly precision: number } => {
  const snapshot = snapshotFrom(world.lines)
  const sources = new Set(world.members.filter((_, at) => at % 2 === 0))
  const field = propagateRisk(snapshot, { rings: null, labels: [...sources].map(bad), scores: [] }, { form })
  const members = new Set(world.members.map((id) => findEntity(snapshot, 'user', String(id))))
  const asked = [...field.layers.nodeEntity.entries()].filter(
    ([, entity]) => snapshot.entities.kindOffsets[2]! > entity && !sources.has(Number(entityId(snapshot, entity))),
  )
  return {
    field,
    precision: averagePrecision({
      labels: Uint8Array.from(asked, ([, entity]) => (members.has(entity) ? 1 : 0)),
      scores: Float64Array.from(asked, ([node]) => field.risk[node]!),
    }),
  }
}

describe('the form of the system', () => {
  test('is the one that finds held-out sources, and finds others with it', () => {
    const chosen = foundBy(busy(1), 'auto')
    expect(chosen.field.choice.form).toBe('walk')
    expect(chosen.precision).toBeGreaterThan(0.9)
    expect(chosen.precision).toBeGreaterThan(foundBy(busy(1), 'mean').precision + 0.3)
    const among = foundBy(likes(1), 'auto')
    const named = (['balanced', 'mean', 'walk'] as const).map((form) => foundBy(likes(1), form).precision)
    expect(among.precision).toBeGreaterThan(0.85 * Math.max(...named))
    expect(among.field.choice.heldOut).toBeGreaterThan(40)
    expect(among.field.notes.map(({ code }) => code)).toContain('risk.form')
  })

  test('is chosen alike each time, whatever else is true of those that are not sources', () => {
    const first = foundBy(likes(2), 'auto').field
    expect(foundBy(likes(2), 'auto').field.choice).toEqual(first.choice)
    expect(first.risk).toEqual(foundBy(likes(2), first.choice.form).field.risk)
  })

  test('with few sources is the default, and said to have held out none', () => {
    const { lines } = likes(3)
    const labels = Array.from({ length: LEAST_SOURCES - 1 }, (_, i) => bad(i))
    const { choice, notes } = propagateRisk(snapshotFrom(lines), { rings: null, labels, scores: [] })
    expect(choice).toEqual({ form: DEFAULT_FORM, scores: [], heldOut: 0 })
    expect(notes.map(({ code }) => code)).not.toContain('risk.form')
  })
})
