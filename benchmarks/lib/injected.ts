/** Tables of injected campaigns, as `inject-campaigns.mjs` writes them, into snapshots, without a store between. */
import { readFileSync } from 'node:fs'
import { entityKinds, interactionTypes, scenarios } from '#graph-schema/schema.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from '#src/graph/shared-arrays.js'
import type { Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { shuffleTargets } from '#src/kernels/shuffle.js'

/** Likes of users on videos; entities are users first, then videos. */
export interface Likes {
  readonly names: readonly string[]
  readonly users: number
  readonly actor: Int32Array
  readonly target: Int32Array
  /** Epoch milliseconds. */
  readonly at: Float64Array
}

const rowsOf = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))

/** Reads DIR/interactions.csv; the organic part alone leaves out the accounts of DIR/truth.csv with all that they did. */
export const readLikes = (folder: string, part: 'all' | 'organic' = 'all'): Likes => {
  const buyers = new Set(part === 'all' ? [] : rowsOf(`${folder}/truth.csv`).map(([user]) => user))
  const rows = rowsOf(`${folder}/interactions.csv`).filter(([, user]) => !buyers.has(user))
  const users = new Map<string, number>()
  const videos = new Map<string, number>()
  const place = (places: Map<string, number>, name: string): number => {
    const known = places.get(name)
    if (known !== undefined) return known
    places.set(name, places.size)
    return places.size - 1
  }
  const actor = new Int32Array(rows.length)
  const target = new Int32Array(rows.length)
  const at = new Float64Array(rows.length)
  rows.forEach((row, i) => {
    const [, user, video, time] = row
    actor[i] = place(users, user!)
    target[i] = place(videos, video!)
    at[i] = Date.parse(time!)
  })
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + users.size
  return { names: [...users.keys(), ...videos.keys()], users: users.size, actor, target, at }
}

/** Targets dealt anew over the interactions: every account, target and moment keeps its number of interactions. */
export const shuffledLikes = (likes: Likes, seed: number): Likes => ({
  ...likes,
  target: shuffleTargets(likes.target, new Random(seed, 77)),
})

export const snapshotOfLikes = ({ names: ids, users, actor, target, at }: Likes): Snapshot => {
  const texts = ids.map((id) => Buffer.from(id))
  const names = sharedUint8(texts.reduce((sum, text) => sum + text.length, 0))
  const nameOffsets = sharedFloat64(texts.length + 1)
  texts.forEach((text, i) => {
    names.set(text, nameOffsets[i]!)
    nameOffsets[i + 1] = nameOffsets[i]! + text.length
  })
  const n = actor.length
  const shared = { actor: sharedInt32(n), target: sharedInt32(n), at: sharedFloat64(n) }
  shared.actor.set(actor)
  shared.target.set(target)
  shared.at.set(at)
  const entityKind = sharedUint8(texts.length).fill(entityKinds.video.code)
  return buildSnapshot({
    asOf: null,
    entityCount: texts.length,
    entityKind: entityKind.fill(entityKinds.user.code, 0, users),
    names,
    nameOffsets,
    declared: sharedUint8(texts.length),
    markets: [''],
    count: n,
    type: sharedUint8(n).fill(interactionTypes.like.code),
    weight: sharedFloat32(n).fill(1),
    market: sharedUint16(n),
    scenario: sharedUint8(n).fill(scenarios.content.code),
    ...shared,
  })
}
