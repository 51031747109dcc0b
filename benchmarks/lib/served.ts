/** A service in a process of its own, for benchmarks over HTTP. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const service = fileURLToPath(new URL('../../test/support/http-service.js', import.meta.url))

/** Serves the store of a folder while `work` runs, which gets the address; `environment` is added to this process's own. */
export const served = async <T>(
  folder: string,
  work: (address: string) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> => {
  const child = spawn(process.execPath, [service, join(folder, 'store.duckdb'), join(folder, 'log.ndjson')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  })
  try {
    const [line] = await once(child.stdout, 'data')
    return await work(String(line).trim())
  } finally {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
}

/** Milliseconds until the whole answer was there. Throws where it is no success. */
export const timedGet = async (address: string, path: string, key: string): Promise<number> => {
  const start = performance.now()
  const answer = await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${key}` } })
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}.`)
  return performance.now() - start
}

/** Asks again while the service is still loading (503). */
export const untilReady = async (address: string, path: string, key: string): Promise<void> => {
  for (;;) {
    const answer = await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${key}` } })
    await answer.arrayBuffer()
    if (answer.status === 200) return
    if (answer.status !== 503) throw new Error(`${path} was answered with ${answer.status}.`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** Of values in rising order. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
