/**
 * Surprising pairs into groups: connected components of the pairs that stand on their own, joined by the pairs that stand once a
 * component is given. Looking only around a component of s columns is a search of s T places instead of T^2 / 2, so a pair needs
 * less surprise there.
 */
import { connectedComponents } from '../../kernels/components.js'
import type { NearPairs } from '../../kernels/near-pairs.js'

export interface PairGroup {
  /** Positions in the pairs, strongest first. */
  readonly pairs: Int32Array
  /** Columns, ascending. */
  readonly columns: Int32Array
  /** Surprise of the strongest pair, the whole search accounted for. */
  readonly nats: number
}

/** -ln .05: the chance of a pair that is let in around a component. */
const NATS_TO_JOIN = 3

const natsToJoin = (levels: number, columns: number, occupied: number, search: number): number =>
  Math.min(search, Math.log(levels * columns * occupied) + NATS_TO_JOIN)

/** Below this a pair could not join even the smallest component, which has two columns. */
export const leastNats = (occupied: number, levels: number, search: number): number =>
  natsToJoin(levels, 2, occupied, search)

/** `occupied`: columns that have entries. `search`: ln of the number of places looked at, levels and matrices included. `levels`: of the pairs. */
export const groupPairs = (
  pairs: NearPairs,
  columnCount: number,
  occupied: number,
  levels: number,
  search: number,
): readonly PairGroup[] => {
  const strong: number[] = []
  for (let i = 0; i < pairs.count; i++) if (pairs.nats[i]! >= search) strong.push(i)
  const { component: membership } = connectedComponents(
    columnCount,
    Int32Array.from(strong, (i) => pairs.a[i]!),
    Int32Array.from(strong, (i) => pairs.b[i]!),
  )
  const size = new Map<number, Set<number>>()
  for (const i of strong) {
    const component = membership[pairs.a[i]!]!
    const columns = size.get(component) ?? new Set()
    size.set(component, columns.add(pairs.a[i]!).add(pairs.b[i]!))
  }

  const own = new Map<number, number[]>()
  for (let i = 0; i < pairs.count; i++) {
    const touching = new Set([membership[pairs.a[i]!]!, membership[pairs.b[i]!]!])
    for (const component of touching) {
      const columns = size.get(component)
      if (!columns) continue
      const least = natsToJoin(levels, columns.size, occupied, search)
      if (pairs.nats[i]! < least) continue
      const list = own.get(component)
      if (list) list.push(i)
      else own.set(component, [i])
    }
  }
  return [...own.values()].map((list) => {
    list.sort((x, y) => pairs.nats[y]! - pairs.nats[x]! || x - y)
    const columns = new Set<number>()
    for (const i of list) columns.add(pairs.a[i]!).add(pairs.b[i]!)
    return {
      pairs: Int32Array.from(list),
      columns: Int32Array.from(columns).sort(),
      nats: pairs.nats[list[0]!]! - search,
    }
  })
}
