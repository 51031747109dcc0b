import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { JobRecord } from '#src/store/store.js'
import { likes } from '../../e2e/cli-command.js'
import { useService } from '../../support/use-service.js'

const service = useService()
let inbox: string
beforeAll(() => {
  inbox = mkdtempSync(join(tmpdir(), 'ringfence-inbox-'))
})
afterAll(() => {
  delete process.env.RINGFENCE_INBOX
  rmSync(inbox, { recursive: true })
})

const run = async (parameters: object, mode: JobRecord['mode'] = 'write') => {
  const { jobs } = service.services
  const { id } = await jobs.submit({ type: 'ingest', mode, parameters: { ...parameters }, key: null })
  for (;;) {
    const job = await jobs.read(id)
    if (job.finishedAt) return job
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
const count = async (): Promise<number> => (await service.store.counts()).interactions

test('no folder, no job; names that lead out of it are refused', async () => {
  const refused = { files: ['a.csv'] }
  await expect(run(refused)).rejects.toMatchObject({ code: 'inbox.off' })
  process.env.RINGFENCE_INBOX = join(inbox, 'absent')
  await expect(run(refused)).rejects.toMatchObject({ code: 'file.missing' })
  process.env.RINGFENCE_INBOX = inbox
  for (const name of ['../a.csv', '/etc/passwd', 'a/b.csv', ''])
    await expect(run({ files: [name] })).rejects.toMatchObject({ code: 'request.invalid' })
  await expect(run({ files: ['*'], mapping: '../m.yaml' })).rejects.toMatchObject({ code: 'request.invalid' })
})

test('what fits is loaded once, what has changed again, and what is no file never', async () => {
  writeFileSync(join(inbox, 'a.csv'), likes(5))
  writeFileSync(join(inbox, 'b.csv'), likes(5, 5))
  writeFileSync(join(inbox, 'notes.txt'), 'not for the store')
  writeFileSync(join(inbox, '.half.csv'), 'id,ty')
  mkdirSync(join(inbox, 'folder.csv'))
  symlinkSync('/etc/passwd', join(inbox, 'link.csv'))
  expect((await run({ files: ['*.csv'] }, 'estimate')).result).toMatchObject({ estimate: { files: 2 } })
  expect((await run({ files: ['*.csv'] }, 'dry-run')).result).toMatchObject({ files: 2, read: 0 })
  expect(await count()).toBe(0)
  const first = await run({ files: ['*.csv'] })
  expect(first).toMatchObject({ state: 'done', result: { files: 2, accepted: 10, rejects: null } })
  expect(await count()).toBe(10)
  expect((await run({ files: ['*.csv'] })).result).toMatchObject({ files: 0, read: 0 })
  expect((await run({ files: ['*.csv'], again: true })).result).toMatchObject({ read: 10, accepted: 0, duplicates: 10 })
  writeFileSync(join(inbox, 'b.csv'), likes(8, 5))
  utimesSync(join(inbox, 'b.csv'), 2e9, 2e9)
  expect((await run({ files: ['*.csv'] })).result).toMatchObject({ files: 1, accepted: 3, duplicates: 5 })
  expect(await count()).toBe(13)
})

test('bad records are kept aside; too many, or a file that cannot be read, fail the job and are tried again', async () => {
  writeFileSync(join(inbox, 'bad.csv'), `${likes(1, 100)}x,nothing,user:a,video:b,,,,,\n`)
  const failed = await run({ files: ['bad.csv'] })
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'ingest.too-many-rejects' } })
  const passed = await run({ files: ['bad.csv'], maxRejects: 50 })
  expect(passed).toMatchObject({ state: 'done', result: { read: 2, rejected: 1 } })
  const kept = readFileSync(join(passed.result!.rejects as string, 'bad.csv.ndjson'), 'utf8')
  expect(JSON.parse(kept)).toMatchObject({ line: 3, field: 'type', value: 'nothing' })
  writeFileSync(join(inbox, 'odd.csv'), 'colour,taste\nred,sweet\n')
  expect(await run({ files: ['odd.csv'] })).toMatchObject({ state: 'failed', error: { code: 'file.header' } })
})
