/**
 * Which run queries see: the latest one, unless it was written not to be, or a person chose another since. The choice is one small record, so
 * that going back is one write and every process follows it.
 */
import { RingfenceError } from '../errors.js'
import type { GraphStore, RunRecord } from '../store/store.js'

export interface Publication {
  readonly run: string
  /** ISO 8601. */
  readonly at: string
  /** The job that chose it. */
  readonly job: string | null
  /** The one that was seen before. */
  readonly before: string | null
}

const COLLECTION = 'publications'
/** Runs that were chosen and that webhooks were not told of: written with the choice, so that neither a kill nor the next choice loses one. */
export const UNTOLD = 'publications-untold'
const CURRENT = 'current'
/** Runs looked at for the latest that is to be seen, or the one before. */
const RUNS_LOOKED_AT = 1000

const readChoice = async (store: GraphStore) => {
  const found = await store.readDocument(COLLECTION, CURRENT)
  return found && { version: found.version, publication: found.value as unknown as Publication }
}

const isShown = ({ parameters }: RunRecord): boolean => parameters.publish !== false

/** The id of the run that queries are to see; null where there is none. */
export const publishedRun = async (store: GraphStore): Promise<string | null> => {
  const choice = await readChoice(store)
  const runs = await store.listRuns(choice === null ? 1 : RUNS_LOOKED_AT)
  const latest =
    runs.find(isShown) ?? (choice === null ? (await store.listRuns(RUNS_LOOKED_AT)).find(isShown) : undefined)
  if (choice !== null && (latest === undefined || choice.publication.at >= latest.finishedAt))
    return choice.publication.run
  return latest?.id ?? null
}

const choose = async (store: GraphStore, run: string, job: string | null): Promise<Publication> => {
  for (;;) {
    const [choice, before] = [await readChoice(store), await publishedRun(store)]
    if (before === run && choice?.publication.job === job && choice?.publication.run === run) return choice.publication
    const publication: Publication = { run, at: new Date().toISOString(), job, before }
    const value = { ...publication }
    const expected = choice?.version ?? null
    const isUntold = (await store.readDocument(UNTOLD, run)) !== null
    const untold = { collection: UNTOLD, id: run, expected: null, value: {}, sort: publication.at }
    const changes = [{ collection: COLLECTION, id: CURRENT, expected, value }, ...(isUntold ? [] : [untold])]
    if (await store.changeDocuments(changes)) return publication
  }
}

/** Lets queries see a run; the latest where none is named. Throws `run.unknown` and `run.none`. */
export const publish = async (store: GraphStore, run: string | null, job: string | null): Promise<Publication> => {
  const found = (await store.listRuns(RUNS_LOOKED_AT)).find(({ id }) => run === null || id === run)
  if (found) return choose(store, found.id, job)
  if (run === null) throw new RingfenceError('run.none', `${store.location} has no run that could be published.`)
  throw new RingfenceError('run.unknown', `${store.location} has no run ${run}.`)
}

/** Back to the run before the one that queries see. Throws `run.none` where there is none. */
export const rollBack = async (store: GraphStore, job: string | null): Promise<Publication> => {
  const now = await publishedRun(store)
  const choice = await readChoice(store)
  // Asked again by the same job, after it was done.
  if (choice !== null && job !== null && choice.publication.job === job) return choice.publication
  const runs = await store.listRuns(RUNS_LOOKED_AT)
  const place = runs.findIndex(({ id }) => id === now)
  const before = place < 0 ? undefined : runs.slice(place + 1).find(isShown)
  if (!before) throw new RingfenceError('run.none', 'There is no run before the one that queries see.')
  return choose(store, before.id, job)
}
