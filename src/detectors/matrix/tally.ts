/**
 * How much the creators of a set hold in common of one kind of thing, against the null that deals the holdings anew.
 *
 * Null: every creator keeps the number of its holdings and every thing the number of its holders. A thing that the set holds k times
 * and everybody m times has k - 1 copies inside of m - 1 chances (given the first holder inside, the others are drawn from
 * everybody), so that with X = sum of k - 1 and T = sum of m - 1 over the things that the set holds, X is at most a hypergeometric
 * count: T drawings from all holdings, of which the set's are marked. A thing that a thousand hold adds a thousand chances: a trend,
 * a template or a bestseller weighs by how many share it.
 *
 * What everybody holds is noise around what few do, so the test is made twice, with all things and with those that few hold, and the
 * greater surprise counts, less ln 2.
 */
import { hypergeometricSurprise } from '../../kernels/hypergeometric.js'
import type { Holdings } from './holdings.js'

interface Level {
  /** Things with more holders are not looked at. */
  readonly most: number
  /** Holdings of all accounts. */
  readonly total: number
  copies: number
  chances: number
  held: number
}

const emptyLevel = (most: number, { holders, total }: Holdings): Level => {
  if (most === Infinity) return { most, total, copies: 0, chances: 0, held: 0 }
  let few = 0
  for (const count of holders) if (count <= most) few += count
  return { most, total: few, copies: 0, chances: 0, held: 0 }
}

const surpriseOf = ({ total, held, chances, copies }: Level): number =>
  hypergeometricSurprise(total, held, chances, copies)

export class Tally {
  readonly #holdings: Holdings
  readonly #inside = new Map<number, number>()
  readonly #levels: readonly Level[]

  constructor(holdings: Holdings, members: Iterable<number>) {
    this.#holdings = holdings
    // Between a handful and everybody, on the scale of their ratio.
    const few = Math.sqrt(holdings.graph.rows.rowCount)
    this.#levels = [emptyLevel(few, holdings), emptyLevel(Infinity, holdings)]
    for (const member of members) this.#add(member)
  }

  /** Of all things. */
  get copies(): number {
    return this.#levels[1]!.copies
  }

  /** Copies that chance would give. */
  get expected(): number {
    const { chances, held, total } = this.#levels[1]!
    return (chances * held) / Math.max(1, total)
  }

  inside(thing: number): number {
    return this.#inside.get(thing) ?? 0
  }

  /** Nats by which a thing's holders inside are more than chance, the number of things looked at not paid for. */
  surpriseOf(thing: number): number {
    const { held, total } = this.#levels[1]!
    return hypergeometricSurprise(total, held, this.#holdings.holders[thing]! - 1, this.inside(thing) - 1)
  }

  /** Things that two members or more hold, most widely held inside first. */
  shared(): readonly number[] {
    return [...this.#inside]
      .filter(([, count]) => count > 1)
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .map(([thing]) => thing)
  }

  #add(member: number): void {
    const { graph, holders } = this.#holdings
    const { offsets, columns } = graph.rows
    for (let k = offsets[member]!; k < offsets[member + 1]!; k++) {
      const thing = columns[k]!
      const before = this.inside(thing)
      this.#inside.set(thing, before + 1)
      for (const level of this.#levels)
        if (holders[thing]! <= level.most) count(level, before === 0, holders[thing]!, 1)
    }
  }

  remove(member: number): void {
    const { graph, holders } = this.#holdings
    const { offsets, columns } = graph.rows
    for (let k = offsets[member]!; k < offsets[member + 1]!; k++) {
      const thing = columns[k]!
      const before = this.inside(thing)
      if (before === 1) this.#inside.delete(thing)
      else this.#inside.set(thing, before - 1)
      for (const level of this.#levels)
        if (holders[thing]! <= level.most) count(level, before === 1, holders[thing]!, -1)
    }
  }

  /** Nats, before the set's naming is paid for. */
  surprise(): number {
    return this.#greatest(this.#levels)
  }

  surpriseWithout(member: number): number {
    const { graph, holders } = this.#holdings
    const { offsets, columns } = graph.rows
    const levels = this.#levels.map((level) => ({ ...level }))
    for (let k = offsets[member]!; k < offsets[member + 1]!; k++) {
      const thing = columns[k]!
      for (const level of levels)
        if (holders[thing]! <= level.most) count(level, this.inside(thing) === 1, holders[thing]!, -1)
    }
    return this.#greatest(levels)
  }

  #greatest(levels: readonly Level[]): number {
    return Math.max(0, Math.max(...levels.map(surpriseOf)) - Math.log(levels.length))
  }
}

/** `by`: 1 for a holder more, -1 for one less; `isFirst`: there is none beside. */
const count = (level: Level, isFirst: boolean, holders: number, by: number): void => {
  level.held += by
  if (isFirst) level.chances += by * (holders - 1)
  else level.copies += by
}
