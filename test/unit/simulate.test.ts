import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { interactionType, isEntityKind, isInteractionType } from '#graph-schema/schema.js'
import { Random } from '#src/kernels/random.js'
import { AliasGroups, geometric } from '#src/simulate/distributions.js'
import { recordBatches, writeSimulation } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { innocentStories, Simulation } from '#src/simulate/simulate.js'
import { behaviours } from '#src/simulate/truth.js'

const directory = mkdtempSync(join(tmpdir(), 'ringfence-simulate-'))
afterAll(() => rmSync(directory, { recursive: true }))

const SIZE = 120_000
const parameters = defaultSimulation(SIZE)

interface Row {
  readonly id: string
  readonly type: string
  readonly actor: string
  readonly target: string
  readonly at: number
  readonly attributes: string
}

/** Commas and quotes occur only in the last column. */
const parse = (text: string): Row[] =>
  text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const cells = line.split(',')
      const [id, type, actor, target, at] = cells as [string, string, string, string, string]
      const attributes = cells.slice(8).join(',').replace(/^"|"$/g, '').replaceAll('""', '"')
      return { id, type, actor, target, at: Date.parse(at), attributes }
    })

let simulation: Simulation
let text: string
let rows: Row[]

beforeAll(async () => {
  simulation = new Simulation(parameters)
  const files = await writeSimulation(simulation, directory)
  text = readFileSync(files.interactions, 'utf8')
  rows = parse(text)
})

describe('the interactions', () => {
  test('are exactly as many as were asked for, each with its own id', () => {
    expect(rows.length).toBe(SIZE)
    expect(new Set(rows.map((row) => row.id)).size).toBe(SIZE)
  })

  test('fit the schema: known types between kinds that they join, attributes as JSON', () => {
    for (const row of rows) {
      const actorKind = row.actor.split(':')[0]!
      const targetKind = row.target.split(':')[0]!
      if (!isInteractionType(row.type) || !isEntityKind(actorKind) || !isEntityKind(targetKind))
        throw new Error(JSON.stringify(row))
      const entry = interactionType(row.type)
      if (!entry.actors.includes(actorKind) || !entry.targets.includes(targetKind)) throw new Error(JSON.stringify(row))
      if (row.attributes !== '') JSON.parse(row.attributes)
      if (row.type === 'publish') expect(row.attributes).toMatch(/^\{"fingerprint":"[0-9a-f]{16}"\}$/)
      if (row.type === 'review') expect(JSON.parse(row.attributes).rating).toBeGreaterThanOrEqual(1)
    }
  })

  test('come in order of time, to the second', () => {
    const seconds = rows.map((row) => Math.floor(row.at / 1000))
    expect(seconds.every((second, i) => i === 0 || second >= seconds[i - 1]!)).toBe(true)
    expect(rows[rows.length - 1]!.at).toBeLessThan(parameters.start + parameters.days * 86_400_000)
  })

  test('are the same bytes for the same seed, and others for another seed', async () => {
    const digest = async (seed: number): Promise<string> => {
      const hash = createHash('sha256')
      for (const batch of recordBatches(new Simulation({ ...parameters, seed }))) hash.update(batch.interactions)
      return hash.digest('hex')
    }
    const first = await digest(7)
    expect(await digest(7)).toBe(first)
    expect(await digest(8)).not.toBe(first)
  })

  test('say the same as CSV and as record batches', () => {
    const lines: string[] = []
    for (const batch of recordBatches(new Simulation(parameters))) {
      const own = new TextDecoder().decode(batch.interactions).split('\n').slice(0, -1)
      expect(own.length).toBe(batch.interactionCount)
      for (const line of own) lines.push(line)
    }
    const told = lines.map((line) => {
      const cells = line.split('\t')
      return `${cells[2]} ${cells[4]} ${cells[6]} ${cells[7]} ${cells[11]}`
    })
    const bare = (name: string): string => name.slice(name.indexOf(':') + 1)
    expect(told).toEqual(
      rows.map((row) => `${row.id} ${bare(row.actor)} ${bare(row.target)} ${row.at} ${row.attributes}`),
    )
  })

  test('have a daily rhythm and a heavy tail', () => {
    const views = rows.filter((row) => row.type === 'view')
    const byHour = new Int32Array(24)
    const byVideo = new Map<string, number>()
    for (const view of views) {
      const hour = new Date(view.at).getUTCHours()
      byHour[hour] = byHour[hour]! + 1
      byVideo.set(view.target, (byVideo.get(view.target) ?? 0) + 1)
    }
    expect(Math.max(...byHour)).toBeGreaterThan(1.8 * Math.min(...byHour))
    const counts = [...byVideo.values()].sort((a, b) => b - a)
    const top = counts.slice(0, Math.ceil(counts.length / 100)).reduce((sum, count) => sum + count, 0)
    // One video in a hundred has a tenth of all views at least; with even chances it would be a hundredth.
    expect(top / views.length).toBeGreaterThan(1 / 10)
  })
})

describe('the truth', () => {
  test('has every behaviour at every difficulty, and every innocent story', () => {
    const planted = simulation.rings.map((ring) => `${ring.behaviour} ${ring.difficulty}`)
    expect(new Set(planted)).toEqual(
      new Set(behaviours.flatMap((b) => ['easy', 'medium', 'hard'].map((d) => `${b} ${d}`))),
    )
    expect(new Set(simulation.innocents.map((group) => group.story))).toEqual(new Set(innocentStories))
  })

  test('names only entities that the interactions name, and at least seven accounts in each ring', () => {
    const seen = new Set(rows.flatMap((row) => [row.actor, row.target]))
    for (const ring of simulation.rings) {
      const names = ring.members.map(({ kind, index }) => simulation.names.name(kind, index))
      const active = names.filter((name) => seen.has(name)).length
      expect(active).toBeGreaterThanOrEqual(0.9 * names.length)
      expect(new Set(names).size).toBe(names.length)
      expect(ring.members.filter((member) => member.role !== 'beneficiary').length).toBeGreaterThanOrEqual(7)
    }
  })

  test('keeps rings apart from each other and from the innocents', () => {
    const ringOf = new Map<string, string>()
    for (const ring of simulation.rings)
      for (const { kind, index } of ring.members) {
        if (kind === 'product' || kind === 'video') continue
        const name = simulation.names.name(kind, index)
        expect(ringOf.get(name)).toBeUndefined()
        ringOf.set(name, ring.id)
      }
    for (const group of simulation.innocents)
      for (const { kind, index } of group.members)
        expect(ringOf.get(simulation.names.name(kind, index))).toBeUndefined()
  })

  test('shows in what accounts do: pairs of a lockstep ring meet at many videos within minutes, other pairs hardly ever', () => {
    const planted = simulation.rings.find((ring) => ring.id === 'lockstep-easy-1')!
    const name = (member: (typeof planted.members)[number]): string => simulation.names.name(member.kind, member.index)
    const own = new Set(planted.members.filter((member) => member.kind === 'user').map(name))
    const inGroup = new Set(
      [...simulation.rings, ...simulation.innocents].flatMap((group) =>
        group.members.map(({ kind, index }) => simulation.names.name(kind, index)),
      ),
    )
    const byVideo = new Map<string, Row[]>()
    for (const row of rows) if (row.type === 'view') byVideo.set(row.target, [...(byVideo.get(row.target) ?? []), row])
    const meetings = new Map<string, number>()
    for (const views of byVideo.values()) {
      const pairs = new Set<string>()
      for (let i = 0; i < views.length; i++)
        for (let j = i + 1; j < views.length && views[j]!.at - views[i]!.at < 15 * 60_000; j++) {
          const [a, b] = [views[i]!.actor, views[j]!.actor].sort() as [string, string]
          if (a !== b) pairs.add(`${a} ${b}`)
        }
      for (const pair of pairs) meetings.set(pair, (meetings.get(pair) ?? 0) + 1)
    }
    let ringPairs = 0
    let strangers = 0
    let mostStrangers = 0
    for (const [pair, count] of meetings) {
      const [a, b] = pair.split(' ') as [string, string]
      if (own.has(a) && own.has(b) && count >= 4) ringPairs++
      if (inGroup.has(a) || inGroup.has(b)) continue
      mostStrangers = Math.max(mostStrangers, count)
      if (count >= 4) strangers++
    }
    expect(ringPairs).toBeGreaterThan(0.5 * ((own.size * (own.size - 1)) / 2))
    // Of some five million pairs of strangers, a hundred or so are two very busy people with one taste.
    expect(mostStrangers).toBeLessThanOrEqual(9)
    expect(strangers).toBeLessThan(ringPairs / 2)
  })
})

describe('the parameters', () => {
  test('out of bounds are usage errors that name the parameter', () => {
    const make = (change: Partial<typeof parameters>) => () => new Simulation({ ...parameters, ...change })
    expect(make({ interactions: 12 })).toThrow(/interactions is 12/)
    expect(make({ markets: ['XX'] })).toThrow(/markets is XX/)
    expect(make({ ringsEach: 200 })).toThrow(/too few creators for/)
    expect(make({ ringsEach: 6, innocentsEach: 6 })).toThrow(/too few/)
  })

  test('the smallest world works', () => {
    const small = new Simulation(defaultSimulation(10_000))
    let count = 0
    for (const batch of recordBatches(small)) count += batch.interactionCount
    expect(count).toBe(10_000)
  })
})

describe('the distributions', () => {
  test('an alias table draws in proportion to the weights, within its group', () => {
    const weights = Float64Array.of(1, 2, 3, 4, 0, 5, 5)
    const groups = new AliasGroups(Int32Array.of(0, 4, 7, 7)).build(weights)
    const random = new Random(1)
    const drawn = new Int32Array(7)
    for (let i = 0; i < 100_000; i++) {
      const item = groups.draw(random, 0)
      drawn[item] = drawn[item]! + 1
      const other = groups.draw(random, 1)
      drawn[other] = drawn[other]! + 1
    }
    const expected = [10_000, 20_000, 30_000, 40_000, 0, 50_000, 50_000]
    // Five standard deviations of a binomial count.
    for (const [item, count] of expected.entries())
      expect(Math.abs(drawn[item]! - count)).toBeLessThanOrEqual(5 * Math.sqrt(count))
    expect(groups.draw(random, 2)).toBe(-1)
  })

  test('a geometric draw has the mean that was asked for', () => {
    const random = new Random(2)
    let sum = 0
    for (let i = 0; i < 100_000; i++) sum += geometric(random, 3)
    expect(sum / 100_000).toBeGreaterThan(2.9)
    expect(sum / 100_000).toBeLessThan(3.1)
  })
})
