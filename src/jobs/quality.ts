/** How far people agree, and how often each detector's rings are confirmed: so that a detector that wastes people's time is seen. */
import { cohenKappa, krippendorffAlpha } from '../kernels/agreement.js'
import { wilsonInterval } from '../model/calibration/calibrate.js'
import type { LabelRecord } from '../store/decision-store.js'
import type { LabelBook } from './label-book.js'

/** Escalated says who is to decide, and nothing of the matter. */
const judgements = ['confirmed', 'cleared', 'unsure'] as const
const judgementOf = ({ decision }: LabelRecord): number => judgements.indexOf(decision as (typeof judgements)[number])
/** Pairs that judged fewer things together say nothing. */
const LEAST_TOGETHER = 2

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** By subject what each owner said last of it, with one of the three judgements. */
const judged = (book: LabelBook, at: number): readonly ReadonlyMap<string, number>[] =>
  [...book.subjects].flatMap((subject) => {
    const said = [...book.byOwner(subject, at)].map(([owner, label]) => [owner, judgementOf(label)] as const)
    const of = new Map(said.filter(([, judgement]) => judgement >= 0))
    return of.size === 0 ? [] : [of]
  })

const pairsOf = (subjects: readonly ReadonlyMap<string, number>[]) => {
  const tables = new Map<string, { readonly owners: readonly [string, string]; readonly table: number[] }>()
  for (const said of subjects) {
    const owners = [...said.keys()].sort()
    owners.forEach((first, i) => {
      for (const second of owners.slice(i + 1)) {
        const key = JSON.stringify([first, second])
        const entry = tables.get(key) ?? { owners: [first, second] as const, table: new Array<number>(9).fill(0) }
        tables.set(key, entry)
        entry.table[said.get(first)! * judgements.length + said.get(second)!]! += 1
      }
    })
  }
  return [...tables.values()]
    .map(({ owners, table }) => ({
      owners: [...owners],
      together: table.reduce((sum, count) => sum + count, 0),
      agreed: table[0]! + table[4]! + table[8]!,
      kappa: finite(cohenKappa(table, judgements.length)),
    }))
    .filter(({ together }) => together >= LEAST_TOGETHER)
    .sort((a, b) => b.together - a.together || (a.owners.join() < b.owners.join() ? -1 : 1))
}

const detectorsOf = (book: LabelBook, at: number) => {
  const found = new Map<string, { confirmed: number; cleared: number; unsure: number; escalated: number }>()
  for (const subject of book.subjects) {
    const label = book.current(subject, at)
    if (!label?.ring || label.decision === null) continue
    for (const detector of label.ring.detectors) {
      const counts = found.get(detector) ?? { confirmed: 0, cleared: 0, unsure: 0, escalated: 0 }
      found.set(detector, counts)
      counts[label.decision]++
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([detector, counts]) => {
      const decided = counts.confirmed + counts.cleared
      const { low, high } = decided > 0 ? wilsonInterval(counts.confirmed / decided, decided) : { low: 0, high: 1 }
      return { detector, ...counts, precision: decided > 0 ? counts.confirmed / decided : null, low, high }
    })
}

/** As things stood at `at`, epoch milliseconds. */
export const labelQuality = (book: LabelBook, at: number) => {
  const subjects = judged(book, at)
  const together = subjects.filter(({ size }) => size >= 2)
  const units = together.map((said) => {
    const counts = [0, 0, 0]
    for (const judgement of said.values()) counts[judgement]! += 1
    return counts
  })
  return {
    decided: subjects.length,
    agreement: { together: together.length, alpha: finite(krippendorffAlpha(units)), pairs: pairsOf(together) },
    detectors: detectorsOf(book, at),
  }
}
