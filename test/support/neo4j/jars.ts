import { execFile } from 'node:child_process'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The folder with pom.xml and Launcher.java: beside the source of this file, not beside what it is compiled to. */
export const launcherFolder = fileURLToPath(new URL('../../../../test/support/neo4j/', import.meta.url))

const DOWNLOAD_MS = 10 * 60_000
const POLL_MS = 500

const exists = async (path: string): Promise<boolean> => {
  try {
    await (await open(path)).close()
    return true
  } catch {
    return false
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Runs `work` while no other process does; a lock whose owner is gone is taken over. */
const withLock = async (path: string, work: () => Promise<void>): Promise<void> => {
  for (;;) {
    try {
      const file = await open(path, 'wx')
      await file.writeFile(String(process.pid))
      await file.close()
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const owner = Number(await readFile(path, 'utf8').catch(() => ''))
      if (owner > 0 && !isAlive(owner)) await rm(path, { force: true })
      else await sleep(POLL_MS)
    }
  }
  try {
    await work()
  } finally {
    await rm(path, { force: true })
  }
}

/**
 * The folder with the server's jars, which is filled once a version: 214 files, 118 MB. It is outside the project and appears
 * whole or not at all.
 */
export const neo4jJars = async (): Promise<string> => {
  const pom = join(launcherFolder, 'pom.xml')
  const version = /<neo4j\.version>([^<]+)</.exec(await readFile(pom, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${pom} names no neo4j.version`)
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const folder = join(cache, 'ringfence', `neo4j-${version}`)
  if (await exists(folder)) return folder
  await mkdir(dirname(folder), { recursive: true })
  await withLock(`${folder}.lock`, async () => {
    if (await exists(folder)) return
    const partial = `${folder}.partial`
    await rm(partial, { recursive: true, force: true })
    process.stderr.write(`Neo4j ${version} is being downloaded with Maven for the tests, once\n`)
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${partial}`]
    await run('mvn', ['-q', '-B', '-f', pom, ...goal], { timeout: DOWNLOAD_MS })
    await rename(partial, folder)
  })
  return folder
}
