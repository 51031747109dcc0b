/** The life of a ring for `ringfence rings --history`. */
import { RingfenceError } from '../errors.js'
import { lifeText, type RingLife, readLife } from '../rings/life.js'
import type { RecordedRingEvent } from '../store/store.js'
import { type Context, isService } from './context.js'
import { ServiceClient } from './service/client.js'
import { withStore } from './store.js'
import { textTable } from './table.js'

type Event = Omit<RecordedRingEvent, 'ring'>

const readHere = (context: Context, id: string): Promise<RingLife | null> =>
  withStore(context, { create: false }, async (store) => {
    const latest = await store.readMemory(null)
    const active = new Set(latest?.rings.filter(({ lastRun }) => lastRun === latest.run.id).map((ring) => ring.id))
    return readLife(store, id, (each) => active.has(each))
  })

const what = ({ event, accounts, other }: Event): string => {
  switch (event) {
    case 'grown':
      return `${accounts} accounts joined`
    case 'shrunk':
      return `${accounts} accounts left`
    case 'merged':
      return `into ${other}`
    case 'split':
      return `${accounts} accounts from ${other}`
    default:
      return `${accounts} accounts`
  }
}

export const writeHistory = async (context: Context, id: string): Promise<void> => {
  const life = isService(context.store)
    ? ((await new ServiceClient(context.store, context.signal).json(
        `/v1/rings/${encodeURIComponent(id)}/history`,
      )) as RingLife)
    : await readHere(context, id)
  if (life === null) throw new RingfenceError('ring.unknown', `No run in ${context.store} tells of a ring ${id}.`)
  const events = life.events.map(({ event, run, at, overlap, accounts, other }) => ({
    event,
    run,
    at,
    overlap,
    accounts,
    other,
  }))
  const table = textTable(
    ['when', 'event', 'what', 'overlap', 'run'],
    events.map((event) => [
      event.at,
      event.event,
      what(event),
      event.overlap === null ? '' : event.overlap.toFixed(2),
      event.run,
    ]),
    [3],
  )
  const { ring, state, mergedInto } = life
  await context.result({ ring, state, mergedInto, events }, `${lifeText(life)}\n\n${table}`)
}
