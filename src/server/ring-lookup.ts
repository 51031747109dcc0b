/** Rings of the latest run or of one that is named; a ring that was merged leads to the one that goes on. */
import type { FastifyInstance } from 'fastify'
import { RingfenceError } from '../errors.js'
import { ReadView } from '../jobs/read-view.js'
import { lifeText, type RingLife, readLife } from '../rings/life.js'
import type { RingRecord, RunRecord } from '../store/store.js'
import type { Services } from './services.js'

/** Not an error that anybody sees: it ends the answer with a redirect. */
class MergedRing extends Error {
  readonly life: RingLife

  constructor(life: RingLife) {
    super(lifeText(life))
    this.life = life
  }
}

type ViewOfRun = ReadView & { readonly run: RunRecord }

export interface RingLookup {
  /** Throws `run.unknown` and `run.none`. */
  viewOf(run: string | undefined): Promise<ViewOfRun>
  /** Throws `ring.unknown` too, with what became of the ring where it is known. */
  ringOf(id: string, run: string | undefined): Promise<{ readonly ring: RingRecord; readonly run: RunRecord }>
}

export const ringLookup = ({ current, store }: Pick<Services, 'current' | 'store'>): RingLookup => {
  const viewOf = async (id: string | undefined): Promise<ViewOfRun> => {
    let view: ReadView
    if (id === undefined || id === current.view.run?.id) view = current.latest()
    else {
      const content = await store.readRun(id)
      if (!content) throw new RingfenceError('run.unknown', `There is no run ${id}.`)
      view = new ReadView(content)
    }
    if (view.run === null) throw new RingfenceError('run.none', 'Nothing was detected in this store yet.')
    return view as ViewOfRun
  }

  const ringOf: RingLookup['ringOf'] = async (id, run) => {
    const view = await viewOf(run)
    const ring = view.ring(id)
    if (ring) return { ring, run: view.run }
    const life = run === undefined ? await readLife(store, id, (each) => view.ring(each) !== undefined) : null
    if (life?.mergedInto && view.ring(life.mergedInto)) throw new MergedRing(life)
    throw new RingfenceError('ring.unknown', `Run ${view.run.id} has no ring ${id}.${life ? ` ${lifeText(life)}` : ''}`)
  }
  return { viewOf, ringOf }
}

/** Makes a link to a ring that was merged lead to the one that goes on, whatever of it was asked for: 307, since rings part again. */
export const leadToHeirs = (app: FastifyInstance): void => {
  app.setErrorHandler((error, request, reply) => {
    if (!(error instanceof MergedRing)) throw error
    const { ring, mergedInto } = error.life
    const [path, query] = request.url.split('?', 2) as [string, string | undefined]
    const rest = path.slice(path.lastIndexOf('/rings/') + '/rings/'.length).replace(/^[^/]*/, '')
    const address = `/v1/rings/${encodeURIComponent(mergedInto!)}${rest}${query ? `?${query}` : ''}`
    return reply
      .code(307)
      .header('location', address)
      .type('application/json')
      .send(JSON.stringify({ ring, mergedInto, note: lifeText(error.life) }))
  })
}
