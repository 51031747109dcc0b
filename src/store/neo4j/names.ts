/** Labels, relationship types and constraints that follow from the schema. Only names from here are put into Cypher text. */
import {
  type EntityKind,
  entityKind,
  entityKindByCode,
  entityKindNames,
  type InteractionType,
  interactionTypeByCode,
  interactionTypeNames,
} from '../../../graph-schema/schema.js'

export const labelOf = (kind: EntityKind): string => entityKind(kind).node

export const relationshipOf = (type: InteractionType): string => type.toUpperCase()

export const kindOfCode = (code: number): EntityKind => {
  const kind = entityKindByCode[code]
  if (kind === undefined) throw new RangeError(`the schema has no entity kind with code ${code}`)
  return kind
}

export const typeOfCode = (code: number): InteractionType => {
  const type = interactionTypeByCode[code]
  if (type === undefined) throw new RangeError(`the schema has no interaction type with code ${code}`)
  return type
}

const kindByLabel = new Map(entityKindNames.map((kind) => [labelOf(kind), kind]))

/** The kind of a node, which may carry labels of others beside ours. */
export const kindOfLabels = (labels: readonly string[]): EntityKind => {
  for (const label of labels) {
    const kind = kindByLabel.get(label)
    if (kind !== undefined) return kind
  }
  throw new Error(`a node with the labels ${labels.join(', ')} is the end of an interaction, but no entity`)
}

/** All relationship types that are interactions, as in `[r:LIKE|VIEW]`. */
export const anyInteraction = interactionTypeNames.map(relationshipOf).join('|')

/** One uniqueness constraint a label and a relationship type, by name. Community Edition has both. */
export const schemaConstraints: ReadonlyMap<string, string> = new Map([
  ...entityKindNames.map(
    (kind) => [`ringfence_${kind}_id`, `FOR (n:${labelOf(kind)}) REQUIRE n.id IS UNIQUE`] as const,
  ),
  ...interactionTypeNames.map(
    (type) =>
      [`ringfence_${type}_interaction_id`, `FOR ()-[r:${relationshipOf(type)}]-() REQUIRE r.id IS UNIQUE`] as const,
  ),
])
