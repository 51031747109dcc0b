/** Labels as a request gives them, and as the store has them. */
import { type Static, Type } from 'typebox'
import { entityKindNames, isEntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import type { LabelRecord } from '../model/product/labels.js'
import type { GraphStore } from '../store/store.js'
import { type LabelBook, openLabelBook } from './label-book.js'

/** Room in a job's row; more labels come through the command, on the store itself. */
const MOST_LABELS = 100_000

export const LabelList = Type.Array(
  Type.Object(
    {
      entity: Type.String({ maxLength: 600, pattern: `^(${entityKindNames.join('|')}):.`, description: '`kind:id`.' }),
      label: Type.Enum(['bad', 'good']),
      at: Type.Optional(Type.String({ format: 'date-time', description: 'When it was decided.' })),
      group: Type.Optional(
        Type.String({ maxLength: 512, description: 'Entities of one group are held out together.' }),
      ),
    },
    { additionalProperties: false },
  ),
  { maxItems: MOST_LABELS },
)

export type GivenLabels = Static<typeof LabelList>

export const labelRecords = (labels: GivenLabels): readonly LabelRecord[] =>
  labels.map(({ entity, label, at, group }) => {
    const colon = entity.indexOf(':')
    const kind = entity.slice(0, colon)
    if (!isEntityKind(kind)) throw new RingfenceError('request.invalid', `labels: ${entity} is not kind:id.`)
    return {
      kind,
      id: entity.slice(colon + 1),
      label: label === 'bad' ? 1 : 0,
      at: at === undefined ? null : Date.parse(at),
      group: group ?? '',
    }
  })

export const givenLabels = (records: readonly LabelRecord[]): GivenLabels =>
  records.map(({ kind, id, label, at, group }) => ({
    entity: `${kind}:${id}`,
    label: label === 1 ? 'bad' : 'good',
    ...(at === null ? {} : { at: new Date(at).toISOString() }),
    ...(group === '' ? {} : { group }),
  }))

/** What a ring's decision says of one of its accounts: a ring that was confirmed says more than another that was cleared. */
const fromRings = (book: LabelBook, at: number): Map<string, LabelRecord> => {
  const found = new Map<string, LabelRecord>()
  for (const subject of book.subjects) {
    if (!subject.startsWith('ring:')) continue
    const decision = book.current(subject, at)
    if (decision?.decision !== 'confirmed' && decision?.decision !== 'cleared') continue
    const label = decision.decision === 'confirmed' ? 1 : 0
    for (const account of decision.ring?.accounts ?? []) {
      const known = found.get(account)
      if (known && (known.label > label || (known.label === label && known.at! >= Date.parse(decision.at)))) continue
      const colon = account.indexOf(':')
      found.set(account, {
        kind: account.slice(0, colon) as LabelRecord['kind'],
        id: account.slice(colon + 1),
        label,
        at: Date.parse(decision.at),
        group: subject,
      })
    }
  }
  return found
}

/**
 * The store's labels as models and propagation read them, as they stood at `asOf` (epoch milliseconds; null: now): one an entity, by `kind:id`.
 * What was said of an entity itself goes before what its rings say; `unsure` and `escalated` say neither bad nor good.
 */
export const readLabelRecords = async (
  store: Pick<GraphStore, 'listLabels'>,
  asOf: number | null,
): Promise<readonly LabelRecord[]> => {
  const book = await openLabelBook(store)
  const at = asOf ?? Date.now()
  const found = fromRings(book, at)
  for (const subject of book.subjects) {
    const colon = subject.indexOf(':')
    const kind = subject.slice(0, colon)
    const own = isEntityKind(kind) ? book.current(subject, at) : null
    if (own === null || !isEntityKind(kind)) continue
    if (own.decision === 'confirmed' || own.decision === 'cleared')
      found.set(subject, {
        kind,
        id: subject.slice(colon + 1),
        label: own.decision === 'confirmed' ? 1 : 0,
        at: Date.parse(own.at),
        group: found.get(subject)?.group ?? '',
      })
    else found.delete(subject)
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record)
}

/** Labels that a request gives, else the store's as they stood at `asOf`. */
export const givenOrStored = async (
  store: Pick<GraphStore, 'listLabels'>,
  given: GivenLabels | undefined,
  asOf: number | null,
): Promise<readonly LabelRecord[]> => (given ? labelRecords(given) : readLabelRecords(store, asOf))
