/** The transfers of `hop-airdrop`, edges alone, into snapshots, without a store between. */
import { entityKinds, interactionTypes, scenarios } from '#graph-schema/schema.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from '#src/graph/shared-arrays.js'
import type { Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { csvRows } from './datasets.js'

export interface Transfers {
  readonly accounts: number
  readonly source: Int32Array
  readonly target: Int32Array
  readonly count: Float32Array
}

export const readTransfers = (path: string): Transfers => {
  const rows = csvRows(path)
  const source = Int32Array.from(rows, ([from]) => Number(from))
  const target = Int32Array.from(rows, ([, to]) => Number(to))
  const count = Float32Array.from(rows, ([, , times]) => Number(times))
  let accounts = 0
  for (const ends of [source, target]) for (const end of ends) if (end >= accounts) accounts = end + 1
  return { accounts, source, target, count }
}

export const snapshotOfTransfers = (
  { accounts, source, target, count }: Transfers,
  type: 'transfer' | 'associate' = 'transfer',
): Snapshot => {
  const n = source.length
  const ids = Array.from({ length: accounts }, (_, i) => Buffer.from(String(i)))
  const names = sharedUint8(ids.reduce((sum, id) => sum + id.length, 0))
  const nameOffsets = sharedFloat64(accounts + 1)
  ids.forEach((id, i) => {
    names.set(id, nameOffsets[i]!)
    nameOffsets[i + 1] = nameOffsets[i]! + id.length
  })
  const shared = { actor: sharedInt32(n), target: sharedInt32(n), weight: sharedFloat32(n) }
  shared.actor.set(source)
  shared.target.set(target)
  shared.weight.set(count)
  return buildSnapshot({
    asOf: null,
    entityCount: accounts,
    entityKind: sharedUint8(accounts).fill(entityKinds.user.code),
    names,
    nameOffsets,
    declared: sharedUint8(accounts),
    markets: [''],
    count: n,
    type: sharedUint8(n).fill(interactionTypes[type].code),
    at: sharedFloat64(n).fill(Number.NaN),
    market: sharedUint16(n),
    scenario: sharedUint8(n).fill(scenarios.account.code),
    ...shared,
  })
}

/** Distinct pairs keep every account's number of partners in each direction; loops that arise are left out by the detector. */
export const shuffledTransfers = ({ accounts, source, target }: Transfers, seed: number): Transfers => {
  const dealt = target.slice()
  new Random(seed, 77).shuffle(dealt)
  return { accounts, source, target: dealt, count: new Float32Array(source.length).fill(1) }
}
