import { expect, test } from '@jest/globals'
import { JobRunner } from '#src/jobs/job-runner.js'
import { CurrentView } from '#src/jobs/read-view.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openNeo4jStore } from '#src/store/neo4j/neo4j-store.js'
import { batchOf } from '../support/batches.js'
import { emptyNeo4j } from '../support/neo4j/empty.js'
import { leaseNeo4j } from '../support/neo4j/lease.js'
import { openProxy } from '../support/neo4j/proxy.js'
import { jobRecord } from '../support/runs.js'

const server = await leaseNeo4j()

if (server !== undefined) {
  test('services that share a server run each job once, hear of a cancel, and take over from one that is gone', async () => {
    await emptyNeo4j(server)
    const [one, two] = [await openNeo4jStore(server.uri, server), await openNeo4jStore(server.uri, server)]
    await one.migrate()
    for (const batch of recordBatches(new Simulation(defaultSimulation(10_000)))) await one.writeBatch(batch)
    const times = { leaseMs: 2000, beatMs: 100, pollMs: 50 }
    const runners = [one, two].map((store) => new JobRunner(store, new CurrentView(store), times))
    const [first, second] = runners as [JobRunner, JobRunner]
    const end = async (id: string) => {
      for (;;) {
        const job = (await one.readJob(id))!
        if (job.finishedAt) return job
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const parameters = { detectors: ['lockstep'] }
    try {
      await Promise.all(runners.map((runner) => runner.start()))
      const ids = ['a', 'b', 'c', 'd', 'e']
      for (const id of ids) await one.createJob(jobRecord(id, { parameters, runId: `run-${id}` }))
      for (const id of ids)
        expect(await end(id)).toMatchObject({ state: 'done', attempts: 1, result: { run: `run-${id}` } })
      expect((await one.listRuns(10)).map(({ id }) => id).sort()).toEqual(ids.map((id) => `run-${id}`))

      await one.createJob(jobRecord('cancelled', { parameters: {} }))
      while ((await one.readJob('cancelled'))!.state === 'queued')
        await new Promise((resolve) => setTimeout(resolve, 10))
      // Whichever runs it, the other is asked too.
      const begin = performance.now()
      await Promise.all([first.cancel('cancelled'), second.cancel('cancelled')])
      expect(await end('cancelled')).toMatchObject({ state: 'cancelled' })
      expect(performance.now() - begin).toBeLessThan(2000)

      const gone = { owner: 'gone', until: Date.now() + 500 }
      const left = { state: 'running', attempts: 1, token: 1, lease: gone } as const
      await one.createJob(jobRecord('left', { ...left, parameters, runId: 'run-left' }))
      expect(await end('left')).toMatchObject({ state: 'done', attempts: 2, token: 2 })
      // The process was not gone but slow: what it writes now is refused.
      const late = { run: { ...(await one.readRun('run-left'))!.run, id: 'run-late' }, rings: [] }
      await expect(one.saveRun(late, undefined, undefined, { job: 'left', token: 1 })).rejects.toMatchObject({
        code: 'job.lost',
      })
      expect(await one.listRuns(10)).toHaveLength(6)
    } finally {
      await Promise.all(runners.map((runner) => runner.stop()))
      await Promise.all([one.close(), two.close()])
    }
  }, 120_000)

  test('a store that vanishes in the middle of a job: it is tried again when the store is back, and has one result', async () => {
    await emptyNeo4j(server)
    const direct = await openNeo4jStore(server.uri, server)
    await direct.migrate()
    const likes = Array.from({ length: 300 }, (_, i) => ({
      id: `l${i}`,
      type: 'like' as const,
      actor: `user:u${i % 20}`,
      target: `video:v${i % 17}`,
      at: 1_700_000_000_000 + i * 60_000,
    }))
    await direct.writeBatch(batchOf(likes))
    const proxy = await openProxy(server.uri)
    const store = await openNeo4jStore(proxy.uri, server)
    const runner = new JobRunner(store, new CurrentView(store), {
      leaseMs: 2000,
      beatMs: 100,
      pollMs: 50,
      retryMs: 100,
    })
    const faults: unknown[] = []
    runner.onFault((_job, error) => faults.push(error))
    try {
      const pipeline = {
        type: 'pipeline',
        parameters: {
          stages: [
            { type: 'detect', parameters: { detectors: ['lockstep'] } },
            { type: 'propagate', parameters: { run: 'latest', labels: [{ entity: 'user:u1', label: 'bad' }] } },
          ],
        },
      }
      await direct.createJob(jobRecord('cut', { ...pipeline, runId: 'run-cut' }))
      await runner.start()
      const now = async () => (await direct.readJob('cut'))!
      while ((await now()).state !== 'running') await new Promise((resolve) => setTimeout(resolve, 10))
      proxy.vanish(true)
      // Longer than the lease, so that somebody else could have taken it.
      await new Promise((resolve) => setTimeout(resolve, 2500))
      expect((await now()).finishedAt).toBeNull()
      proxy.vanish(false)
      while ((await now()).finishedAt === null) await new Promise((resolve) => setTimeout(resolve, 20))
      const job = await now()
      expect(job).toMatchObject({ state: 'done', error: null })
      expect(await direct.listRuns(10)).toHaveLength(1)
      expect(await direct.listPropagations(10)).toHaveLength(1)
      expect(faults.every((error) => (error as { code?: string }).code === 'store.unreachable')).toBe(true)
    } finally {
      proxy.vanish(false)
      await runner.stop()
      await proxy.close()
      await Promise.all([store.close(), direct.close()])
    }
  }, 120_000)
}
