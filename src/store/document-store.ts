/**
 * Small records that the service keeps beside the graph, such as schedules: each a JSON object with an id in a collection. A write says which version
 * it takes the place of, so that of two that change the same record at once one is refused, also over processes.
 */
export interface DocumentRecord {
  readonly id: string
  /** 1 when made, one more with each change. */
  readonly version: number
  /** Orders a collection; bytewise, then by id. */
  readonly sort: string
  readonly value: Readonly<Record<string, unknown>>
}

export interface DocumentChange {
  readonly collection: string
  readonly id: string
  /** The version that the caller knows; null: there is none yet. */
  readonly expected: number | null
  /** Null deletes. */
  readonly value: DocumentRecord['value'] | null
  readonly sort?: string
}

export interface DocumentQuery {
  /** Only those whose `sort` is at or before it. */
  readonly upTo?: string
  /** Only those after this `sort` and id. */
  readonly after?: { readonly sort: string; readonly id: string }
  readonly limit: number
}

export interface DocumentStore {
  /** All of the changes or none. False where one of the versions is not the expected one. */
  changeDocuments(changes: readonly DocumentChange[]): Promise<boolean>
  readDocument(collection: string, id: string): Promise<DocumentRecord | null>
  /** In the order of `sort`, then id, bytewise. */
  listDocuments(collection: string, query: DocumentQuery): Promise<readonly DocumentRecord[]>
}
