/** A ring in short, with what people decided on it. */
import type { LabelBook } from '../jobs/label-book.js'
import { windowText } from '../jobs/read-view.js'
import type { LabelDecision } from '../store/decision-store.js'
import type { RingRecord } from '../store/store.js'

/** Decisions of this service are seen at once, those of others after this. */
const REFRESH_MS = 1000

/** What is held now of a ring, by its id; null where nobody has decided. */
export const decisionsOn = async (book: LabelBook): Promise<(ring: string) => LabelDecision | null> => {
  await book.refreshAfter(REFRESH_MS)
  const now = Date.now()
  return (ring) => book.current(`ring:${ring}`, now)?.decision ?? null
}

export const ringSummary = (ring: RingRecord, run: string, decision: LabelDecision | null) => {
  const targets = ring.members.filter((member) => member.role === 'beneficiary').length
  const { id, score, fdr, behaviours, detectors, types, markets, scenarios } = ring
  return {
    id,
    run,
    score,
    fdr,
    behaviours: [...behaviours],
    detectors: [...detectors],
    window: windowText(ring.window),
    types: [...types],
    markets: [...markets],
    scenarios: [...scenarios],
    accounts: ring.members.length - targets,
    targets,
    decision,
  }
}
