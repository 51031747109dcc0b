/** Decisions by the command, on a store and through a service: the same answers from both. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { addressOf, likes, oneObject, type Running, ringfence, start, stop, temporary } from './cli-command.js'

const folder = temporary()
const store = folder.path('store.duckdb')
let service: Running

beforeAll(async () => {
  const loaded = await ringfence(['ingest', '-', '--format', 'csv', '--store', store], { input: likes(20) })
  expect(loaded.exit).toBe(0)
}, 60_000)

afterAll(async () => {
  if (service) await stop(service, 'SIGTERM')
  folder.remove()
}, 60_000)

interface Answer extends Readonly<Record<string, unknown>> {
  readonly exit: number | null
  readonly id: string
  readonly cases: readonly unknown[]
  readonly entries: readonly { readonly id: string }[]
  readonly error: { readonly code: string; readonly detail: string }
}

const on =
  (where: string) =>
  async (...args: string[]): Promise<Answer> => {
    const ended = await ringfence([...args, '--store', where, '--json'], { env: { RINGFENCE_USER: 'ada' } })
    return { exit: ended.exit, ...oneObject(ended) } as Answer
  }

test('cases, the allow-list and quality on a store, and through a service that holds it', async () => {
  const here = on(store)
  const user = 'user:u1'
  const opened = await here('cases', 'open', user, '--title', 'one script', '--assignee', 'me', '--due', '2999-01-01')
  expect(opened).toMatchObject({ exit: 0, version: 1, assignee: 'ada', dueAt: '2999-01-01T00:00:00.000Z' })
  const { id } = opened
  const change = (...args: string[]) => here('cases', 'change', id, '--seen', '1', ...args)
  expect(await change('--status', 'closed', '--due', 'never')).toMatchObject({ version: 2, dueAt: null })
  expect(await change('--assignee', 'none')).toMatchObject({ exit: 2, error: { code: 'case.conflict' } })
  expect(await here('cases', 'open', 'user:none', '--title', 'x')).toMatchObject({ error: { code: 'entity.unknown' } })
  const allow = ['allow-list', 'add', 'user:load-*', '--reason', 'load tests', '--expires', 'never']
  const entry = await here(...allow)
  expect(entry).toMatchObject({ exit: 0, name: 'user:load-*', holds: true, expiresAt: null })
  await here('labels', 'add', user, '--label', 'confirmed', '--reason', 'seen')
  const quality = await here('quality')
  expect(quality).toMatchObject({ exit: 0, decided: 1, agreement: { together: 0, alpha: null }, detectors: [] })

  service = start(['serve', '--port', '0', '--store', store])
  const there = on(await addressOf(service))
  expect(await there('cases', 'appeal', id, 'a school')).toMatchObject({ status: 'open', comments: [{ appeal: true }] })
  expect((await there('cases', 'list', '--subject', user, '--status', 'open', '--assignee', 'ada')).cases).toHaveLength(
    1,
  )
  const again = await there(...allow)
  expect(again).toMatchObject({ exit: 2, error: { code: 'allow.conflict' } })
  expect(again.error.detail).toMatch(/^ada put user:load-\* .*\(load tests\)/)
  const remove = () => there('allow-list', 'remove', entry.id, '--reason', 'over')
  expect(await remove()).toMatchObject({ exit: 0, removed: true })
  expect((await remove()).error.detail).toMatch(/took al-[0-9a-f]+ off the allow-list at .* \(over\)/)
  expect((await there('allow-list')).entries).toEqual([])
  expect(await there('quality')).toEqual(quality)
}, 120_000)

test.each([
  [['cases', 'open', 'user:u1', '--title', 'x', '--due', 'soon'], /2026-01-31/],
  [['cases', 'change', 'c-1', '--status', 'open'], /--seen/],
  [['allow-list', 'add', 'user:u1', '--reason', 'x'], /--expires/],
])('%j says what is missing', async (args, words) => {
  const { exit, stderr } = await ringfence([...args, '--store', store])
  expect([exit, words.test(stderr)]).toEqual([2, true])
})
