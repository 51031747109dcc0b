/** Size and fingerprint of a snapshot, for estimates, tests and run records. */
import { createHash } from 'node:crypto'
import type { Relation, Snapshot } from './snapshot.js'

type Column = Int32Array | Uint32Array | Float64Array | Float32Array | Uint16Array | Uint8Array

const columnsOf = (relation: Relation): readonly Column[] => [
  relation.outOffsets,
  relation.target,
  relation.at,
  relation.weight,
  relation.market,
  relation.scenario,
  relation.inOffsets,
  relation.source,
  relation.inEdge,
  ...(relation.fingerprints ? [relation.fingerprints.edge, relation.fingerprints.high, relation.fingerprints.low] : []),
  ...(relation.ratings ? [relation.ratings] : []),
]

const entityColumns = ({ entities }: Snapshot): readonly Column[] => [
  entities.kindOffsets,
  entities.nameOffsets,
  entities.names,
]

/** Bytes of all its arrays. */
export const snapshotBytes = (snapshot: Snapshot): number =>
  [...entityColumns(snapshot), ...snapshot.relations.flatMap(columnsOf)].reduce(
    (sum, { byteLength }) => sum + byteLength,
    0,
  )

/** Hashed in pieces: one call takes at most 2^31 - 1 bytes. */
const pieceBytes = 1 << 30

/** SHA-256, hex, over `asOf`, markets, types and every array with its length: equal digests mean equal snapshots. */
export const snapshotDigest = (snapshot: Snapshot): string => {
  const hash = createHash('sha256')
  const addArrays = (columns: readonly Column[]): void => {
    for (const { buffer, byteOffset, byteLength } of columns) {
      hash.update(`${byteLength};`)
      for (let at = 0; at < byteLength; at += pieceBytes)
        hash.update(new Uint8Array(buffer, byteOffset + at, Math.min(pieceBytes, byteLength - at)))
    }
  }
  hash.update(JSON.stringify({ asOf: snapshot.asOf, markets: snapshot.markets }))
  addArrays(entityColumns(snapshot))
  for (const relation of snapshot.relations) {
    hash.update(JSON.stringify([relation.type, relation.count, relation.actorFrom, relation.targetFrom]))
    addArrays(columnsOf(relation))
  }
  return hash.digest('hex')
}
