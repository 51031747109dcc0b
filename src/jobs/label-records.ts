/** Labels as a request gives them. */
import { type Static, Type } from 'typebox'
import { entityKindNames, isEntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import type { LabelRecord } from '../model/product/labels.js'

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
