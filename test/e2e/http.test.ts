import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { makeApiKey } from '#src/jobs/api-keys.js'
import { startServer } from '#src/server/server.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import { bearer, Lines, openWorld } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-http-'))
const program = fileURLToPath(new URL('../support/http-service.js', import.meta.url))
const children: ChildProcess[] = []

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const serve = async (path: string, log: string) => {
  const child = spawn(process.execPath, [program, path, log], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  return { child, address: String(line).trim() }
}

test('records in, a job watched to its end, rings out, a kill in the middle of the next job, and a new start', async () => {
  const path = join(folder, 'store.duckdb')
  const log = join(folder, 'log.ndjson')
  const store = await openStore(path)
  const made = makeApiKey('admin', 'test')
  await store.createKey(made.record)
  for (const batch of recordBatches(new Simulation(defaultSimulation(20_000)))) await store.writeBatch(batch)
  await store.close()
  const headers = bearer(made.key)
  const json = { ...headers, 'content-type': 'application/json' }

  const first = await serve(path, log)
  expect((await fetch(`${first.address}/v1/rings`)).status).toBe(401)
  const lines = Array.from(
    { length: 500 },
    (_, i) => `{"id":"e${i}","type":"like","actor":"user:é${i}","target":"video:v"}\n`,
  )
  const sent = await fetch(`${first.address}/v1/interactions`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-ndjson' },
    body: Readable.toWeb(Readable.from(lines.map((line) => Buffer.from(line)))) as ReadableStream<Uint8Array>,
    duplex: 'half',
  } as RequestInit)
  expect(await sent.json()).toMatchObject({ read: 500, accepted: 500, rejected: 0 })

  const start = async (address: string, parameters: object) => {
    const body = JSON.stringify({ type: 'detect', parameters })
    return (await (await fetch(`${address}/v1/jobs`, { method: 'POST', headers: json, body })).json()) as { id: string }
  }
  const job = await start(first.address, { detectors: ['lockstep'] })
  const stream = await (await fetch(`${first.address}/v1/jobs/${job.id}/events`, { headers })).text()
  expect(stream).toMatch(/^event: progress\ndata: \{/)
  const end = JSON.parse(/event: end\ndata: (.*)\n\n$/.exec(stream)![1]!)
  expect(end).toMatchObject({ id: job.id, state: 'done' })
  const rings = async (address: string) =>
    (await (await fetch(`${address}/v1/rings`, { headers })).json()) as { run: string; total: number }
  expect(await rings(first.address)).toMatchObject({ run: end.result.run, total: end.result.rings })
  const known = await fetch(`${first.address}/v1/users/${encodeURIComponent('é7')}/rings`, { headers })
  expect(await known.json()).toMatchObject({ entity: 'user:é7', rings: [] })

  const cut = await start(first.address, { seed: 9 })
  // It is cut off in the middle, and the next start takes it up.
  const stateOf = async (): Promise<string> =>
    ((await (await fetch(`${first.address}/v1/jobs/${cut.id}`, { headers })).json()) as { state: string }).state
  while ((await stateOf()) === 'queued') await new Promise((resolve) => setTimeout(resolve, 20))
  const gone = once(first.child, 'exit')
  first.child.kill('SIGKILL')
  await gone
  const second = await serve(path, log)
  const again = await (await fetch(`${second.address}/v1/jobs/${cut.id}/events`, { headers })).text()
  const after = JSON.parse(/event: end\ndata: (.*)\n\n$/.exec(again)![1]!)
  expect(after).toMatchObject({ state: 'done', attempts: 2, result: { run: after.runId } })
  expect(await rings(second.address)).toMatchObject({ run: after.runId })

  const watched = await start(second.address, { seed: 10 })
  const watching = await fetch(`${second.address}/v1/jobs/${watched.id}/events`, { headers })
  const reader = watching.body!.getReader()
  let told = new TextDecoder().decode((await reader.read()).value)
  const begin = performance.now()
  const stopped = once(second.child, 'exit')
  second.child.kill('SIGTERM')
  for (let part = await reader.read(); !part.done; part = await reader.read())
    told += new TextDecoder().decode(part.value)
  const last = JSON.parse(/event: progress\ndata: (.*)\n\n$/.exec(told)![1]!)
  expect(last).toMatchObject({ id: watched.id, state: 'queued', attempts: 0 })
  expect((await stopped)[0]).toBe(0)
  expect(performance.now() - begin).toBeLessThan(5000)
  const text = readFileSync(log, 'utf8')
  expect(text).toContain('"msg":"answered"')
  expect(text).not.toContain(made.key)
})

test('without a key it listens on this machine only, and a taken port names a free one', async () => {
  const world = await openWorld()
  const logs = new Lines()
  for (const host of ['0.0.0.0', '::', '127.example.org'])
    await expect(startServer(world.store, { host, port: 0, logs })).rejects.toMatchObject({ code: 'server.exposed' })
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const refused = await startServer(world.store, { host: '127.0.0.1', port, logs }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'server.port' })
  const free = Number(/(\d+) is free/.exec((refused as { detail: string }).detail)![1])
  expect(free).not.toBe(port)
  const server = await startServer(world.store, { host: '127.0.0.1', port: free, logs })
  expect(server).toMatchObject({ address: `http://127.0.0.1:${free}`, keys: false })
  expect(await (await fetch(`${server.address}/health/ready`)).json()).toMatchObject({ status: 'ready' })
  expect(logs.text).toContain('Without any API key')
  await server.close()
  await new Promise((resolve) => taken.close(resolve))
  const { record } = makeApiKey('viewer', 'test')
  await world.store.createKey(record)
  const open = await startServer(world.store, { host: '0.0.0.0', port: 0, logs })
  expect(open.keys).toBe(true)
  await open.close()
  await world.close()
})

test.each([
  ['RINGFENCE_RATE_LIMIT', '0'],
  ['RINGFENCE_BODY_LIMIT', '1.5'],
  ['RINGFENCE_LOG_LEVEL', 'loud'],
])('%s=%s stops the start, by its name', async (name, value) => {
  const world = await openWorld()
  process.env[name] = value
  const refused = startServer(world.store, { host: '127.0.0.1', port: 0, logs: new Lines() })
  await expect(refused).rejects.toMatchObject({ code: 'setting.invalid', detail: expect.stringContaining(name) })
  delete process.env[name]
  await world.close()
})
