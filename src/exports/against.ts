/** What speaks against a ring, in sentences that a person can check: a lead is never a verdict. */
import { hangsOn, limitOf } from '../rings/counterfactual.js'
import type { RingRecord, RunRecord } from '../store/store.js'

const percent = (share: number): string =>
  share >= 0.001 ? `${Number((100 * share).toPrecision(2))} %` : 'less than 0.1 %'

/** Below so many accounts a coincidence of few people is a story that should be thought of first. */
const FEW_ACCOUNTS = 5
const WEAK_MEMBERSHIP = 0.5

export const speaksAgainst = (
  ring: RingRecord,
  run: RunRecord,
  history: readonly { readonly event: string }[],
): string[] => {
  const sentences: string[] = []
  const accounts = ring.members.filter(({ role }) => role !== 'beneficiary')
  sentences.push(
    `Of leads as strong as this one or stronger in its run, chance alone is expected to give ${percent(ring.fdr)} (the false-discovery rate).`,
  )
  const carried = hangsOn(ring, limitOf(run))
  if (carried && carried.facts.length < ring.facts.length)
    sentences.push(
      carried.facts.length === 1
        ? `It hangs on one fact, number ${carried.facts[0]! + 1}: without it, it would not have been named.`
        : `It hangs on ${carried.facts.length} of its ${ring.facts.length} facts, numbers ${carried.facts.map((fact) => fact + 1).join(', ')}: without them it would not have been named.`,
    )
  if (ring.facts.length === 1) sentences.push('One fact alone shows it.')
  if (ring.detectors.length === 1) sentences.push(`One detector alone names it (${ring.detectors[0]}).`)
  const weak = accounts.filter(({ score }) => score < WEAK_MEMBERSHIP).length
  if (weak > 0)
    sentences.push(
      `${weak} of its ${accounts.length} accounts belong to it weakly (strength below ${WEAK_MEMBERSHIP}).`,
    )
  if (accounts.length < FEW_ACCOUNTS)
    sentences.push(`It has ${accounts.length} accounts: a family, an office or friends may act alike.`)
  if (ring.window === null)
    sentences.push('The times of its interactions are not known, so nothing is said of acting at the same time.')
  ring.facts.forEach((fact, place) => {
    if (fact.observed <= fact.expected)
      sentences.push(
        `Fact ${place + 1} by itself is not more than chance gives: observed ${Number(fact.observed.toPrecision(3))}, expected ${Number(fact.expected.toPrecision(3))}.`,
      )
    if (fact.interactionCount > fact.interactions.length)
      sentences.push(
        `Of fact ${place + 1}, ${fact.interactions.length} of ${fact.interactionCount} interactions are kept; the others cannot be checked from here.`,
      )
  })
  if (history.length <= 1) sentences.push('It was seen in one run; it has no history that would confirm it.')
  for (const note of run.notes) sentences.push(`Remark of the run: ${note.message}`)
  return sentences
}
