import { existsSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { likes, oneObject, ringfence, temporary } from './cli-command.js'

let folder: ReturnType<typeof temporary>
beforeEach(() => {
  folder = temporary()
})
afterEach(() => folder.remove())

const small = ['demo', '--no-serve', '--interactions', '100k']

interface Planted {
  readonly id: string
  readonly verdict: string
  readonly overlap: number
  readonly recall: number
}

describe('demo --no-serve', () => {
  test('prints the rings beside the planted truth, and what to try next', async () => {
    const ended = await ringfence(small, { cwd: folder.path('.') })
    expect(ended.exit).toBe(0)
    expect(ended.stdout).toMatch(
      /^\d+ rings with \d+ members, [\d.]+ s in all\.\n\nplanted ring +accounts +result +overlap/,
    )
    expect(ended.stdout).toMatch(/\nlockstep-easy-1 +\d+ +found/)
    expect(ended.stdout).toMatch(/Of \d+ planted rings \d+ found/)
    expect(ended.stdout).toMatch(/innocent groups/i)
    expect(ended.stderr).toContain('Try next:')
    expect(existsSync(folder.path('ringfence.duckdb'))).toBe(true)
    const rings = await ringfence(['rings', '--members', '--format', 'csv'], { cwd: folder.path('.') })
    expect(rings.stdout.split('\r\n').length).toBeGreaterThan(20)
  })

  test('finds the easy rings, runs again cleanly, and gives the same rings for the same seed', async () => {
    const run = async (...more: string[]) =>
      oneObject(await ringfence([...small, '--json', ...more], { cwd: folder.path('.') })) as unknown as {
        readonly interactions: number
        readonly planted: readonly Planted[]
      }
    const first = await run()
    expect(first.interactions).toBe(100_000)
    for (const ring of first.planted.filter(({ id }) => id.includes('-easy-'))) expect(ring.recall).toBeGreaterThan(0.5)
    const other = await run('--seed', '2')
    expect(other.interactions).toBe(100_000)
    expect(other.planted).not.toEqual(first.planted)
    expect((await run()).planted).toEqual(first.planted)
  })

  test('leaves a store alone that it has not made', async () => {
    writeFileSync(folder.path('likes.csv'), likes(5))
    await ringfence(['ingest', folder.path('likes.csv')], { cwd: folder.path('.') })
    const ended = await ringfence([...small, '--json'], { cwd: folder.path('.') })
    expect(ended.exit).toBe(2)
    const { error } = oneObject(ended) as { error: { code: string; detail: string } }
    expect(error.code).toBe('usage')
    expect(error.detail).toContain('left alone')
    const again = await ringfence(['ingest', folder.path('likes.csv'), '--json'], { cwd: folder.path('.') })
    expect(oneObject(again)).toMatchObject({ accepted: 0, duplicates: 5 })
  })
})
