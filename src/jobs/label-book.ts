/** All labels of a store and which of them count when. Labels only grow, so that a book that was read before reads what is new. */
import type { LabelRecord } from '../store/decision-store.js'
import type { GraphStore } from '../store/store.js'

const PAGE = 5000

/**
 * `counts`: it is what is held of its subject. `replaced`: somebody decided later. `later`: its time is to come. `undo`: it takes another one back.
 */
export type LabelState = 'counts' | 'replaced' | 'expired' | 'taken-back' | 'later' | 'undo'

const isLater = (a: LabelRecord, b: LabelRecord): boolean =>
  a.at === b.at ? a.place > b.place : Date.parse(a.at) > Date.parse(b.at)

export class LabelBook {
  readonly #store: Pick<GraphStore, 'listLabels'>
  readonly #all: LabelRecord[] = []
  readonly #byId = new Map<string, LabelRecord>()
  readonly #bySubject = new Map<string, LabelRecord[]>()
  /** By the id of the label that is taken back. */
  readonly #undo = new Map<string, LabelRecord>()
  #reading: Promise<void> = Promise.resolve()
  #readAt = Number.NEGATIVE_INFINITY

  constructor(store: Pick<GraphStore, 'listLabels'>) {
    this.#store = store
  }

  /** Of the last label that it has; 0 where there is none. */
  get last(): number {
    return this.#all.at(-1)?.place ?? 0
  }

  /** In the order of writing. */
  get all(): readonly LabelRecord[] {
    return this.#all
  }

  get subjects(): Iterable<string> {
    return this.#bySubject.keys()
  }

  /** Reads what was written since, by whatever process. */
  refresh(): Promise<void> {
    const next = this.#reading.catch(() => undefined).then(() => this.#read())
    this.#reading = next
    return next
  }

  /** The same, unless that was done within so many milliseconds: for answers that are to cost no trip to the store. */
  async refreshAfter(milliseconds: number): Promise<void> {
    if (performance.now() - this.#readAt >= milliseconds) await this.refresh()
  }

  async #read(): Promise<void> {
    const begin = performance.now()
    for (;;) {
      const page = await this.#store.listLabels({ order: 'oldest', after: this.last, limit: PAGE })
      for (const label of page) this.#add(label)
      if (page.length < PAGE) break
    }
    this.#readAt = begin
  }

  #add(label: LabelRecord): void {
    this.#all.push(label)
    this.#byId.set(label.id, label)
    if (label.takesBack !== null) {
      if (!this.#undo.has(label.takesBack)) this.#undo.set(label.takesBack, label)
      return
    }
    const known = this.#bySubject.get(label.subject)
    if (known) known.push(label)
    else this.#bySubject.set(label.subject, [label])
  }

  get(id: string): LabelRecord | undefined {
    return this.#byId.get(id)
  }

  /** What takes it back, whenever. */
  undoOf(id: string): LabelRecord | undefined {
    return this.#undo.get(id)
  }

  /** Decisions on a subject, in the order of writing; without records that take back. */
  of(subject: string): readonly LabelRecord[] {
    return this.#bySubject.get(subject) ?? []
  }

  /** Whether it was decided, not taken back and not expired at `at` (epoch milliseconds). */
  stands(label: LabelRecord, at: number): boolean {
    if (Date.parse(label.at) > at || (label.expiresAt !== null && Date.parse(label.expiresAt) <= at)) return false
    const undo = this.#undo.get(label.id)
    return undo === undefined || Date.parse(undo.at) > at
  }

  /** What was held of a subject at `at`: the decision that stood and was decided last. */
  current(subject: string, at: number): LabelRecord | null {
    let found: LabelRecord | null = null
    for (const label of this.of(subject))
      if (this.stands(label, at) && (found === null || isLater(label, found))) found = label
    return found
  }

  /** The last that each owner said of a subject and that stood at `at`. */
  byOwner(subject: string, at: number): ReadonlyMap<string, LabelRecord> {
    const found = new Map<string, LabelRecord>()
    for (const label of this.of(subject)) {
      const known = found.get(label.owner)
      if (this.stands(label, at) && (known === undefined || isLater(label, known))) found.set(label.owner, label)
    }
    return found
  }

  state(label: LabelRecord, at: number): LabelState {
    if (label.takesBack !== null) return 'undo'
    if (Date.parse(label.at) > at) return 'later'
    const undo = this.#undo.get(label.id)
    if (undo !== undefined && Date.parse(undo.at) <= at) return 'taken-back'
    if (!this.stands(label, at)) return 'expired'
    return this.current(label.subject, at) === label ? 'counts' : 'replaced'
  }
}

export const openLabelBook = async (store: Pick<GraphStore, 'listLabels'>): Promise<LabelBook> => {
  const book = new LabelBook(store)
  await book.refresh()
  return book
}
