/**
 * A service that is killed at random moments of its nights. Each night records come in, some by POST and some as a file in the service's folder, and a pipeline
 * is asked for (ingest, detect, score, propagate, forecast, publish); meanwhile the process gets SIGKILL again and again and is started anew. In the end the
 * store and what a webhook's receiver has got are counted against what was acknowledged, and against the same nights without a kill.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listDeliveries, webhookEvents } from '#src/jobs/webhooks/webhooks.js'
import { Random } from '#src/kernels/random.js'
import { openStore } from '#src/store/open.js'
import { interactionsIn, type Missed, missed, ringsOf, together, webhooksOf } from './count.js'
import { type Night, nightsOf } from './nights.js'
import { openReceiver, type Receiver, SECRET } from './receiver.js'
import { KilledService, type NightResult, runNight } from './service.js'

/** An attempt that was killed is leased for 40 s, one that was refused waits for 10 s. */
const DELIVERY_MS = 180_000
/** The first one is not killed. */
const LEAST_NIGHTS = 2
/** Kills while it starts; the others come once it listens, at any moment of a night. */
const WHILE_IT_STARTS = 0.2

export interface KillRequest {
  readonly kills: number
  readonly seed: number
  /** A folder of its own. */
  readonly folder: string
  /** As `--store` takes it; empty. */
  readonly store: string
  readonly env?: Readonly<Record<string, string>>
  /** So many nights share what comes in; there are two at least, and as many as the kills take. */
  readonly nights: number
  /** Whether the same nights without a kill follow, to compare rings with. */
  readonly control: boolean
  readonly note?: (line: string) => void
}

export interface KillReport {
  readonly kills: number
  readonly nights: number
  /** Jobs that were killed three times, and were asked for again. */
  readonly interrupted: number
  readonly counts: Readonly<Record<'interactions' | 'runs' | 'rings' | 'webhooks' | 'results', number>>
  readonly interactions: Missed
  readonly runs: Missed
  /** Against the same nights without a kill. */
  readonly rings: Missed
  readonly webhooks: Missed
  /** Scorings, propagations and forecasts. */
  readonly results: Missed
}

interface Nights {
  readonly results: readonly NightResult[]
  readonly kills: number
  readonly failures: readonly string[]
  readonly receiver: Receiver
}

const runNights = async (
  { kills: wanted, seed, folder, store, env = {}, note = () => {} }: KillRequest,
  data: readonly Night[],
  least: number,
): Promise<Nights> => {
  const random = new Random(seed)
  const receiver = await openReceiver(seed + 1)
  const inbox = join(folder, 'inbox')
  mkdirSync(inbox, { recursive: true })
  const service = new KilledService(store, {
    ...env,
    RINGFENCE_INBOX: inbox,
    RINGFENCE_SEED_SCHEDULES: 'no',
    RINGFENCE_WEBHOOK_SECRET: SECRET,
    RINGFENCE_WEBHOOK_HOSTS: receiver.host,
    RINGFENCE_WEBHOOK_PRIVATE: 'yes',
    RINGFENCE_LEASE_SECONDS: '3',
    RINGFENCE_LOG_LEVEL: 'error',
  })
  const begin = performance.now()
  await service.start().listening
  const startMs = performance.now() - begin
  await service.ask('PUT', '/v1/webhooks/nights', { url: `http://${receiver.host}/`, events: webhookEvents })
  const results: NightResult[] = []
  const failures: string[] = []
  let kills = 0
  let over = false
  let nightMs = 0
  const nights = async (): Promise<void> => {
    for (let night = 0; night < least || kills < wanted; night++) {
      const from = performance.now()
      const none = { posted: [], filed: [] }
      const failed = (job: string) => failures.push(`job.failed ${job}`)
      results.push(await runNight(service, inbox, night, data[night] ?? none, failed))
      // The first one is not killed: it tells how long a night is, as does any that is shorter.
      const took = performance.now() - from
      nightMs = nightMs === 0 ? took : Math.min(nightMs, took)
      note(
        `night ${night + 1} after ${((performance.now() - from) / 1000).toFixed(1)} s, ${kills} kills, ${failures.length} interrupted`,
      )
    }
  }
  const killer = async (): Promise<void> => {
    let listening: Promise<void> = Promise.resolve()
    while (nightMs === 0 && !over) await sleep(50)
    while (kills < wanted && !over) {
      if (random.float() < WHILE_IT_STARTS) await sleep(random.float() * startMs)
      else {
        await listening
        await sleep(random.float() * nightMs)
      }
      await service.end('SIGKILL')
      kills++
      listening = service.start().listening
      listening.catch(() => {})
    }
  }
  try {
    await Promise.all([
      nights().finally(() => {
        over = true
      }),
      killer(),
    ])
    const deadline = Date.now() + DELIVERY_MS
    const path = '/v1/webhooks/nights/deliveries?state=waiting'
    for (;;) {
      // Messages are made once a second from what has ended.
      await sleep(3000)
      const { deliveries } = await service.ask<{ deliveries: readonly unknown[] }>('GET', path)
      if (deliveries.length === 0 || Date.now() > deadline) break
    }
    await service.end('SIGTERM')
  } catch (error) {
    await service.end('SIGKILL')
    receiver.close()
    throw error
  }
  return { results, kills, failures, receiver }
}

/** What rings come out where nothing is killed, on a DuckDB store in the same folder. */
const undisturbed = async (
  request: KillRequest,
  data: readonly Night[],
  nights: number,
): Promise<readonly string[]> => {
  request.note?.('the same nights without a kill')
  const folder = join(request.folder, 'control')
  mkdirSync(folder)
  const path = join(folder, 'store.duckdb')
  const { results, receiver } = await runNights({ ...request, kills: 0, folder, store: path, env: {} }, data, nights)
  receiver.close()
  const store = await openStore(path)
  try {
    return await ringsOf(store, results)
  } finally {
    await store.close()
  }
}

/** Kills, starts anew, and counts. */
export const killAtRandom = async (request: KillRequest): Promise<KillReport> => {
  const { note = () => {} } = request
  const data = nightsOf(request.nights)
  const { results, kills, failures, receiver } = await runNights(request, data, LEAST_NIGHTS)
  receiver.close()
  const other = request.control ? await undisturbed(request, data, results.length) : null
  const store = await openStore(request.store)
  try {
    const ids = await interactionsIn(store)
    const sent = data
      .slice(0, results.length)
      .flatMap(({ posted, filed }) => [...posted.flat(), ...filed])
      .map((line) => {
        const [id, type] = line.split(',', 2)
        return `${type} ${id}`
      })
    const runs = await store.listRuns(10_000)
    const rings = await ringsOf(store, results)
    const waiting = (await listDeliveries(store, 'waiting', { limit: 100 })).length
    note(`${waiting} deliveries wait, ${(await listDeliveries(store, 'dead', { limit: 100 })).length} are dead`)
    const expectedOf = (key: keyof NightResult['ids']): readonly string[] => results.map((night) => night.ids[key])
    const made = {
      scoring: (await store.listScorings(10_000)).map(({ id }) => id),
      propagation: (await store.listPropagations(10_000)).map(({ id }) => id),
      forecast: (await store.listDocuments('forecasts', { limit: 10_000 })).map(({ id }) => id),
    }
    return {
      kills,
      nights: results.length,
      interrupted: failures.length,
      counts: {
        interactions: sent.length,
        runs: results.length,
        rings: rings.length,
        webhooks: receiver.got.size,
        results: 3 * results.length,
      },
      interactions: missed(sent, ids),
      runs: missed(
        expectedOf('run'),
        runs.map(({ id }) => id),
      ),
      rings: other === null ? { lost: [], doubled: [] } : missed(other, rings),
      webhooks: await webhooksOf(store, results, failures, receiver.got),
      results: together(
        (['scoring', 'propagation', 'forecast'] as const).map((key) => missed(expectedOf(key), made[key])),
      ),
    }
  } finally {
    await store.close()
  }
}
