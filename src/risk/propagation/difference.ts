/** What is new in a propagation, against the one before it. */
import { findEntity, kindOf, type Snapshot } from '../../graph/snapshot.js'
import type { RiskRow } from '../../store/risk-store.js'
import { domainName, nodeOf } from './domains.js'
import type { RowSource } from './risk-rows.js'

export interface RiskDifference {
  /** The propagation before. */
  readonly before: string
  readonly threshold: number
  /** Entities of which the greatest risk in any domain has reached `least` and had not, or the other way round. By kind. */
  readonly newlyExposed: Readonly<Record<string, number>>
  readonly noLonger: Readonly<Record<string, number>>
  /** Copies that have risk where the entity had none before. */
  readonly newDomains: number
  /** Entities of which the greatest risk crossed the threshold. By kind. */
  readonly above: Readonly<Record<string, number>>
  readonly below: Readonly<Record<string, number>>
  /** Entities of the propagation before that the graph does not have. */
  readonly gone: number
}

/** Takes the rows of the propagation before part by part. */
export class Difference {
  readonly #snapshot: Snapshot
  readonly #spread: RowSource
  readonly #before: Float64Array
  readonly #domains: ReadonlyMap<string, number>
  readonly #gone = new Set<string>()

  constructor(snapshot: Snapshot, spread: RowSource) {
    this.#snapshot = snapshot
    this.#spread = spread
    this.#before = new Float64Array(spread.risk.length)
    this.#domains = new Map(spread.layers.domains.map((domain, at) => [domainName(domain), at]))
  }

  take(rows: readonly RiskRow[]): void {
    for (const { kind, id, role, risk, ...domain } of rows) {
      if (role === 'victim') continue
      const entity = findEntity(this.#snapshot, kind, id)
      if (entity < 0) this.#gone.add(`${kind}:${id}`)
      else {
        const node = nodeOf(this.#spread.layers, entity, this.#domains.get(domainName(domain)) ?? -1)
        if (node >= 0) this.#before[node] = risk
      }
    }
  }

  /** `leastBefore` is what the rows before were cut at: the greater of both decides, so that a finer cut is not news. */
  result(before: string, least: number, leastBefore: number, threshold: number): RiskDifference {
    const { layers, risk } = this.#spread
    const cut = Math.max(least, leastBefore)
    const counts = { newlyExposed: {}, noLonger: {}, above: {}, below: {} } as Record<
      'newlyExposed' | 'noLonger' | 'above' | 'below',
      Record<string, number>
    >
    let newDomains = 0
    for (let entity = 0; entity + 1 < layers.nodeOffsets.length; entity++) {
      let then = 0
      let now = 0
      for (let node = layers.nodeOffsets[entity]!; node < layers.nodeOffsets[entity + 1]!; node++) {
        then = Math.max(then, this.#before[node]!)
        now = Math.max(now, risk[node]!)
        if (risk[node]! >= cut && this.#before[node]! < cut) newDomains++
      }
      const count = (what: keyof typeof counts): void => {
        const kind = kindOf(this.#snapshot, entity)
        counts[what][kind] = (counts[what][kind] ?? 0) + 1
      }
      if (now >= cut && then < cut) count('newlyExposed')
      if (now < cut && then >= cut) count('noLonger')
      if (now >= threshold && then < threshold) count('above')
      if (now < threshold && then >= threshold) count('below')
    }
    return { before, threshold, ...counts, newDomains, gone: this.#gone.size }
  }
}
