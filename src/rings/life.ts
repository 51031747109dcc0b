/** What became of a ring, read from the events of its life. */
import type { GraphStore, RecordedRingEvent } from '../store/store.js'

export type RingState = 'active' | 'dormant' | 'merged' | 'dissolved'

export interface RingLife {
  readonly ring: string
  readonly state: RingState
  /** The ring that goes on in its place, when it was merged: the last one where that was merged in turn. */
  readonly mergedInto: string | null
  /** Oldest first. */
  readonly events: readonly RecordedRingEvent[]
}

const ENDS: Readonly<Partial<Record<RecordedRingEvent['event'], RingState>>> = {
  merged: 'merged',
  dormant: 'dormant',
  dissolved: 'dissolved',
}

/**
 * Null for a ring that no run tells of and that is not in the latest one. `isActive` says whether the latest run has a ring; its word
 * counts more than events, which runs before there were any do not have.
 */
export const readLife = async (
  store: GraphStore,
  ring: string,
  isActive: (ring: string) => boolean,
): Promise<RingLife | null> => {
  const events = await store.readHistory(ring)
  if (isActive(ring)) return { ring, state: 'active', mergedInto: null, events }
  const last = events.at(-1)
  if (last === undefined) return null
  const state = ENDS[last.event] ?? 'dormant'
  if (state !== 'merged') return { ring, state, mergedInto: null, events }
  let heir = last.other
  // Rings may merge to and fro over the years; each is followed once.
  const seen = new Set([ring])
  while (heir !== null && !isActive(heir) && !seen.has(heir)) {
    seen.add(heir)
    const end = (await store.readHistory(heir)).at(-1)
    if (end?.event !== 'merged') break
    heir = end.other
  }
  return { ring, state, mergedInto: heir, events }
}

/** For a person who asks for a ring that the latest run does not have. */
export const lifeText = ({ ring, state, mergedInto, events }: RingLife): string => {
  const last = events.at(-1)
  switch (state) {
    case 'active':
      return `Ring ${ring} is in the latest run.`
    case 'merged':
      return `Ring ${ring} was merged into ${mergedInto} in run ${last!.run}.`
    case 'dissolved':
      return `Ring ${ring} was not found for long and counts as dissolved since run ${last!.run}.`
    case 'dormant':
      return `Ring ${ring} is dormant: the latest run does not have it. The last that is told of it is "${last!.event}" in run ${last!.run}.`
  }
}
