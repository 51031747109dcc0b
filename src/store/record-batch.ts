/**
 * The unit in which validated records reach a store: lines of tab-separated UTF-8, which a bulk loader reads without
 * touching single values. No field holds a tab, a newline or another control character: ids and markets are validated, JSON
 * escapes them. An empty field is null.
 */
export interface RecordBatch {
  /** Lines of INTERACTION_COLUMNS. */
  readonly interactions: Uint8Array
  readonly interactionCount: number
  /** Lines of ENTITY_COLUMNS: entities with facts of their own. Ends of interactions need no line here. */
  readonly entities: Uint8Array
  readonly entityCount: number
}

/**
 * `line`: number in the file, reported back for conflicts. Kinds, type and scenario: schema codes, decimal. `at`: epoch
 * milliseconds, decimal. `weight`: decimal, never empty. `attributes`: a JSON object with sorted keys, or empty.
 */
export const INTERACTION_COLUMNS = [
  'line',
  'type',
  'id',
  'actor_kind',
  'actor',
  'target_kind',
  'target',
  'at',
  'market',
  'scenario',
  'weight',
  'attributes',
] as const

/**
 * `at`: since when the entity is known, epoch milliseconds or empty. Of two records the one with the later `at` stays, unknown
 * before all others; of equal ones the one with the greater market, then the greater attributes, compared by their bytes.
 */
export const ENTITY_COLUMNS = ['line', 'kind', 'id', 'at', 'market', 'attributes'] as const

export interface Conflict {
  readonly line: number
  readonly type: string
  readonly id: string
}

export interface BatchResult {
  /** Interactions new to the store. */
  readonly accepted: number
  /** Interactions that were there already with the same content, or twice in the batch. */
  readonly duplicates: number
  /** Interactions whose (type, id) is there with other content; the first one stays. In order of line. */
  readonly conflicts: readonly Conflict[]
  /** Entities new to the store, ends of interactions included. */
  readonly entities: number
}
