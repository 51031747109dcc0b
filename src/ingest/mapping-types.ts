/** The shape of a mapping, as the JSON Schema examples/mappings/mapping.schema.json says it. Each key is described there. */
export type FileFormat = 'csv' | 'tsv' | 'ndjson' | 'parquet'

export interface Mapping {
  readonly name?: string
  readonly description?: string
  readonly tables: readonly TableMapping[]
}

export interface TableMapping {
  readonly name?: string
  readonly description?: string
  readonly match?: { readonly file?: string | readonly string[]; readonly columns?: readonly string[] }
  readonly format?: FileFormat
  readonly delimiter?: string
  readonly quote?: string
  readonly comment?: string
  readonly header?: boolean
  readonly columns?: readonly string[]
  readonly nulls?: readonly string[]
  readonly optional?: readonly string[]
  readonly entities?: readonly EntityMapping[]
  readonly interactions?: readonly InteractionMapping[]
}

export interface TimeMapping {
  readonly column: string
  readonly format?: 'iso' | 'epoch-seconds' | 'epoch-milliseconds' | 'pattern'
  readonly pattern?: string
  readonly zone?: string
}

export type AttributeMapping = string | { readonly value: string; readonly as?: 'text' | 'number' | 'boolean' | 'json' }

export type WhenMapping = Readonly<Record<string, string | readonly string[]>>

export interface EntityMapping {
  readonly kind: string
  readonly id: string
  readonly at?: TimeMapping
  readonly market?: string
  readonly attributes?: string | Readonly<Record<string, AttributeMapping>>
  readonly features?: readonly string[]
  readonly label?: AttributeMapping
  readonly splits?: readonly string[]
  readonly when?: WhenMapping
}

export interface InteractionMapping {
  readonly type: string
  readonly types?: Readonly<Record<string, string | null>>
  readonly id?: string
  readonly actor: string
  readonly target?: string
  readonly at?: TimeMapping
  readonly market?: string
  readonly scenario?: string
  readonly weight?: number | string
  readonly attributes?: string | Readonly<Record<string, AttributeMapping>>
  readonly when?: WhenMapping
}

/** Where in the mapping something is wrong, and what. */
export interface MappingProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}
