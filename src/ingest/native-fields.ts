/** The service's own record format, as a mapping: what a file needs that is read with none. */
import { RingfenceError } from '../errors.js'
import type { TableMapping } from './mapping-types.js'

export const INTERACTION_FIELDS = [
  'id',
  'type',
  'actor',
  'target',
  'at',
  'market',
  'scenario',
  'weight',
  'attributes',
] as const
export const ENTITY_FIELDS = ['kind', 'id', 'at', 'market', 'attributes'] as const

const NEEDED_INTERACTION_FIELDS: readonly string[] = ['id', 'type', 'actor', 'target']
const NEEDED_ENTITY_FIELDS: readonly string[] = ['kind', 'id']

const interactionTable = (has: (field: string) => boolean): TableMapping => ({
  interactions: [
    {
      id: '{id}',
      type: '{type}',
      actor: '{actor}',
      target: '{target}',
      ...(has('at') ? { at: { column: 'at' } } : {}),
      ...(has('market') ? { market: '{market}' } : {}),
      ...(has('scenario') ? { scenario: '{scenario}' } : {}),
      ...(has('weight') ? { weight: '{weight}' } : {}),
      ...(has('attributes') ? { attributes: '{attributes}' } : {}),
    },
  ],
})

const entityTable = (has: (field: string) => boolean): TableMapping => ({
  entities: [
    {
      kind: '{kind}',
      id: '{id}',
      ...(has('at') ? { at: { column: 'at' } } : {}),
      ...(has('market') ? { market: '{market}' } : {}),
      ...(has('attributes') ? { attributes: '{attributes}' } : {}),
    },
  ],
})

export const nativeInteractionTable: TableMapping = interactionTable(() => true)
export const nativeEntityTable: TableMapping = entityTable(() => true)

/** Native entities have `kind`, interactions have `type`. Throws `file.header` for any other header. */
export const nativeTable = (file: string, columns: readonly string[]): TableMapping => {
  const entities = columns.includes('kind') && !columns.includes('type')
  const known: readonly string[] = entities ? ENTITY_FIELDS : INTERACTION_FIELDS
  const needed = entities ? NEEDED_ENTITY_FIELDS : NEEDED_INTERACTION_FIELDS
  const wrong = (detail: string) =>
    new RingfenceError(
      'file.header',
      `${file}: ${detail}. Without a mapping the columns are ${known.join(',')}; with --mapping any table can be read.`,
      { file },
    )
  const missing = needed.filter((field) => !columns.includes(field))
  if (missing.length > 0) throw wrong(`the header lacks ${missing.join(', ')}`)
  const unknown = columns.filter((field) => !known.includes(field))
  if (unknown.length > 0) throw wrong(`the header has the unknown column "${unknown[0]}"`)
  if (new Set(columns).size < columns.length) throw wrong('the header has a column more than once')
  const has = (field: string) => columns.includes(field)
  return entities ? entityTable(has) : interactionTable(has)
}
