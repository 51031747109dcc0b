import { expect, test } from '@jest/globals'
import { findEntity } from '#src/graph/snapshot.js'
import { LEAST_RISK, openRisk, runPropagation } from '#src/jobs/propagation.js'
import { WorkerPool } from '#src/jobs/worker-pool.js'
import type { RiskRow } from '#src/store/risk-store.js'
import type { JobRecord } from '#src/store/store.js'
import { batchOf } from '../../support/batches.js'
import { scoringRecord } from '../../support/models.js'
import { useService } from '../../support/use-service.js'

const service = useService()

const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString()
const uses = (id: string, actor: string, target: string, market: string) =>
  ({ id, type: 'uses', actor, target, market, at: day(1) }) as const

const labels = [
  { entity: 'creator:seller', label: 'bad' },
  { entity: 'user:good', label: 'good' },
] as const

const propagate = async (parameters: object = {}, mode: JobRecord['mode'] = 'write') => {
  const { jobs } = service.services
  const { id } = await jobs.submit({ type: 'propagate', mode, parameters: { labels, ...parameters }, key: null })
  for (;;) {
    const job = await jobs.read(id)
    if (job.finishedAt) return job
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const rowsOf = async (id: string): Promise<readonly RiskRow[]> => {
  const all: RiskRow[] = []
  await service.store.readRiskRows(id, (rows) => {
    all.push(...rows)
  })
  return all
}

test('risk is in the store after the job, by entity and domain; a dry run tells what is new and writes nothing', async () => {
  const { store } = service
  await store.writeBatch(
    batchOf([
      uses('a', 'creator:seller', 'device:d1', 'US'),
      uses('b', 'user:helper', 'device:d1', 'US'),
      uses('c', 'user:good', 'device:d1', 'US'),
      { id: 's', type: 'sell', actor: 'creator:seller', target: 'product:p', market: 'US', at: day(1) },
      { id: 'o', type: 'order', actor: 'user:buyer', target: 'product:p', market: 'US', at: day(2) },
      uses('far', 'user:far', 'device:d9', 'ID'),
    ]),
  )
  const first = await propagate()
  expect(first).toMatchObject({ state: 'done', result: { run: null, scoring: null, changes: null } })
  const id = first.result!.propagation as string
  expect(await store.readPropagation(null)).toMatchObject({ id, job: first.id, labels: 2 })
  const helper = await store.readRisk('user', 'helper')
  expect(helper?.rows).toMatchObject([{ scenario: 'account', market: 'US', role: 'helper', given: 0, absorbs: false }])
  expect(helper!.rows[0]!.risk).toBeGreaterThan(0.1)
  expect((await store.readRisk('user', 'good'))?.rows).toMatchObject([{ role: null, risk: 0, absorbs: true }])
  expect((await store.readRisk('user', 'buyer'))?.rows).toMatchObject([{ role: 'victim', scenario: 'shelf' }])
  expect((await store.readRisk('user', 'far'))?.rows).toEqual([])
  expect((await store.readRisk('creator', 'seller'))?.rows).toMatchObject([
    { scenario: 'shelf', role: 'source', given: 1 },
    { scenario: 'account', role: 'source', given: 1 },
  ])

  await store.writeBatch(batchOf([uses('d', 'user:late', 'device:d1', 'US'), uses('e', 'user:far', 'device:d1', 'US')]))
  const dry = await propagate({ labels: [...labels, { entity: 'user:far', label: 'bad' }] }, 'dry-run')
  expect(dry.result).toMatchObject({
    propagation: null,
    changes: {
      before: id,
      // device:d9 is where user:far was; user:late came to device:d1.
      newlyExposed: { user: 2, device: 1 },
      noLonger: {},
      gone: 0,
    },
  })
  expect((dry.result!.changes as { above: Record<string, number> }).above.user).toBeGreaterThanOrEqual(1)
  expect(await store.listPropagations(10)).toHaveLength(1)
})

test('scores of the latest scoring by a model are sources, and a ranking without one is not', async () => {
  const { store } = service
  const row = { kind: 'user', id: 'far', score: 0.75, low: null, high: null, labels: null } as const
  const given = async (): Promise<number> => {
    const { result } = await propagate()
    return (await rowsOf(result!.propagation as string)).find(({ id }) => id === 'far')?.given ?? 0
  }
  await store.saveScoring(scoringRecord('s1', { basis: 'unsupervised' }), [row], { keep: 2 })
  expect(await given()).toBe(0)
  await store.saveScoring(scoringRecord('s2'), [row], { keep: 2 })
  expect(await given()).toBe(0.75)
  expect((await propagate({ scores: false })).result).toMatchObject({ scoring: null })
})

test('without labels in the request those that people decided on are sources, and end where they are taken back', async () => {
  const { store, http } = service
  const post = async (url: string, payload: object) => {
    const answer = await http.inject({ method: 'POST', url, payload })
    expect(answer.statusCode).toBeLessThan(300)
    return answer.json()
  }
  const sources = async () => {
    const { result } = await propagate({ labels: undefined, scores: false })
    const id = result!.propagation as string
    const given = (await rowsOf(id)).filter((row) => row.given > 0).map(({ kind, id: name }) => `${kind}:${name}`)
    return { labels: (await store.readPropagation(id))!.labels, given: [...new Set(given)] }
  }
  await post('/v1/labels', { subject: 'creator:seller', label: 'confirmed', reason: 'seen' })
  expect(await sources()).toEqual({ labels: 1, given: ['creator:seller'] })
  await post('/v1/labels', { subject: 'user:helper', label: 'confirmed', reason: 'seen' })
  await post('/v1/labels', { subject: 'creator:seller', label: 'cleared', reason: 'an agency' })
  const after = await sources()
  expect(after.labels).toBe(2)
  expect(after.given).toEqual(['user:helper'])
})

test('one that was cancelled while it wrote has written nothing', async () => {
  const { store } = service
  const request = {
    run: 'published',
    labels: [{ kind: 'creator', id: 'seller', label: 1, at: null, group: '' }],
    scores: false,
    parameters: {},
  } as const
  const before = await store.listPropagations(100)
  const stop = new AbortController()
  await expect(
    runPropagation(store, {
      ...request,
      mode: 'write',
      signal: stop.signal,
      progress: (_, stage) => {
        if (stage === 'save') stop.abort()
      },
    }),
  ).rejects.toMatchObject({ code: 'job.cancelled' })
  expect(await store.listPropagations(100)).toEqual(before)
})

test('a propagation is made again from its record: the same risk, and what-ifs leave no trace', async () => {
  const { store } = service
  const request = {
    run: 'published',
    labels: labels.map(({ entity, label }) => ({
      kind: entity.startsWith('user') ? ('user' as const) : ('creator' as const),
      id: entity.slice(entity.indexOf(':') + 1),
      label: label === 'bad' ? (1 as const) : (0 as const),
      at: null,
      group: '',
    })),
    scores: true,
    parameters: {},
  } as const
  const { record, snapshot, spread } = await runPropagation(store, { ...request, mode: 'write' })
  const pool = new WorkerPool(1)
  const given = (await rowsOf(record.id)).filter((row) => row.given > 0 || row.absorbs)
  const again = await pool.run({
    name: 'propagate',
    snapshot,
    least: LEAST_RISK,
    recorded: { propagation: record, given },
    whatIfTolerance: 1e-7,
    repaired: false,
  })
  expect(again.spread.risk).toEqual(spread.risk)
  expect(again.spread.harm).toEqual(spread.harm)
  expect(again.spread.flows).toEqual(spread.flows)
  expect(Array.from(again.spread.couplings.strength)).toEqual(record.couplings)

  const ask = async (decision: 'banned' | 'cleared' | 'unlinked' | null) => {
    const whatIf = decision && { decision, kind: 'device' as const, id: 'd1', tolerance: 1e-7 }
    const { answer } = await pool.run({ name: 'risk-of', kind: 'user', id: 'late', domain: null, paths: 10, whatIf })
    return answer!
  }
  const plain = await ask(null)
  expect(plain.domains[0]!.risk).toBeGreaterThan(LEAST_RISK)
  const unlinked = await ask('unlinked')
  expect(unlinked.after![0]!.risk).toBeCloseTo(0, 9)
  const banned = await ask('banned')
  expect(banned.after![0]!.risk).toBeGreaterThan(0.3)
  expect((await ask('cleared')).after![0]!.risk).toBeCloseTo(0, 6)
  expect((await ask('unlinked')).after![0]!.risk).toBeCloseTo(unlinked.after![0]!.risk, 6)
  expect((await ask('banned')).after![0]!.risk).toBeCloseTo(banned.after![0]!.risk, 6)
  expect(await ask(null)).toEqual(plain)
  expect(findEntity(snapshot, 'user', 'late')).toBeGreaterThanOrEqual(0)
  await pool.close()
  const open = await openRisk(store, request)
  expect(open.spread.risk).toEqual(spread.risk)
  await open.pool.close()
})
