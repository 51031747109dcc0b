import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { likes, oneObject, ringfence, start, temporary } from './cli-command.js'

const folder = temporary()
afterAll(() => folder.remove())
const store = folder.path('graph.duckdb')
const world = folder.path('world')

const detect = async (...more: string[]): Promise<Record<string, unknown>> => {
  const ended = await ringfence(['detect', '--store', store, '--json', ...more])
  expect(ended.exit).toBe(0)
  return oneObject(ended)
}

const rings = async (...more: string[]): Promise<string> => {
  const ended = await ringfence(['rings', '--store', store, ...more])
  expect(ended.exit).toBe(0)
  return ended.stdout
}

let first: Record<string, unknown>

beforeAll(async () => {
  const made = await ringfence(['simulate', '--out', world, '--interactions', '60k', '--difficulty', 'easy', '--json'])
  expect(made.exit).toBe(0)
  const loaded = await ringfence(['ingest', `${world}/interactions.csv`, `${world}/entities.csv`, '--store', store])
  expect(loaded.exit).toBe(0)
  first = await detect()
})

describe('detect --json', () => {
  test('gives exactly the fields of the contract', () => {
    expect(Object.keys(first)).toEqual(['run', 'rings', 'members', 'candidates', 'seconds', 'peakMb', 'stages'])
    expect(first.rings).toBeGreaterThan(0)
    expect(first.stages).toEqual(
      expect.arrayContaining([
        { name: 'snapshot', seconds: expect.any(Number) },
        { name: 'save', seconds: expect.any(Number) },
      ]),
    )
  })

  test('prints the estimate before it starts, and only the estimate with --estimate', async () => {
    const ended = await ringfence(['detect', '--store', store, '--json'])
    expect(ended.stderr).toMatch(/^60,000 interactions of [\d,]+ entities: about [\d.]+ s and [\d,]+ MB\.\n/)
    const estimate = oneObject(await ringfence(['detect', '--store', store, '--json', '--estimate']))
    expect(Object.keys(estimate)).toEqual(['entities', 'interactions', 'megabytes', 'seconds', 'parts'])
  })

  test('gives the same rings again, on one worker or two, and leaves them with --dry-run', async () => {
    const before = await rings('--members', '--format', 'csv')
    expect(before.split('\r\n').length).toBeGreaterThan(10)
    await detect('--workers', '1')
    expect(await rings('--members', '--format', 'csv')).toBe(before)
    const dry = await detect('--dry-run', '--seed', '5')
    const latest = oneObject(await ringfence(['rings', '--store', store, '--json']))
    expect(latest.run).not.toBe(dry.run)
  })

  test('--what-if says how the rings would differ, as a table and as fields, and writes nothing', async () => {
    const { run, rings: all } = oneObject(await ringfence(['rings', '--store', store, '--json', '--members'])) as {
      run: string
      rings: { id: string; members: { entity: string; role: string }[] }[]
    }
    const { entity } = all[0]!.members.find(({ role }) => role === 'core')!
    const asked = ['--what-if', '--without', entity, '--without-type', 'view', '--set', 'lockstep.minMembers=6']
    const { difference } = (await detect(...asked)) as {
      difference: { base: string; membersOut: string[]; gone: { ring: string }[]; changed: { ring: string }[] }
    }
    expect(difference.base).toBe(run)
    expect(difference.membersOut).toContain(entity)
    const table = await ringfence(['detect', '--store', store, ...asked])
    expect(table.exit).toBe(0)
    for (const { ring } of [...difference.gone, ...difference.changed]) expect(table.stdout).toContain(`\n${ring} `)
    expect(table.stdout).toMatch(/nothing was written\.\n$/)
    expect(oneObject(await ringfence(['rings', '--store', store, '--json'])).run).toBe(run)
    for (const wrong of [
      ['--without', entity],
      ['--what-if', '--without', 'x'],
      ['--what-if', '--without-type', 'x'],
    ])
      expect((await ringfence(['detect', '--store', store, ...wrong])).exit).toBe(2)
  })

  test('refuses what cannot be: an unknown detector, a bad time, a job that does not fit in memory', async () => {
    const refused = async (...args: string[]): Promise<string> => {
      const ended = await ringfence(['detect', '--store', store, '--json', ...args])
      expect(ended.exit).toBe(2)
      return (oneObject(ended) as { error: { code: string } }).error.code
    }
    expect(await refused('--detectors', 'crystal-ball')).toBe('detector.unknown')
    expect(await refused('--as-of', 'yesterday')).toBe('usage')
    expect(await refused('--memory-limit', '64')).toBe('job.memory')
    expect(await refused('--set', 'sybil.nothing')).toBe('usage')
  })

  test('stops with exit code 130 on Ctrl-C', async () => {
    const running = start(['detect', '--store', store, '--json'])
    await running.says(/entities: about/)
    running.child.kill('SIGINT')
    const ended = await running.ended
    expect(ended.exit).toBe(130)
    expect((oneObject(ended) as { error: { code: string } }).error.code).toBe('job.cancelled')
  })
})

describe('rings', () => {
  test('--members --format csv is RFC 4180 with the contract header, sorted by ring then entity', async () => {
    const text = await rings('--members', '--format', 'csv')
    expect(text.endsWith('\r\n')).toBe(true)
    const [header, ...rows] = text.trimEnd().split('\r\n')
    expect(header).toBe('ring,entity,kind,role,score')
    const cells = rows.map((row) => row.split(',') as [string, string, string, string, string])
    const keys = cells.map(([ring, entity]) => `${ring},${entity}`)
    expect(keys).toEqual([...keys].sort())
    for (const [, entity, kind, role, score] of cells) {
      expect(entity.startsWith(`${kind}:`)).toBe(true)
      expect(['core', 'mule', 'amplifier', 'broker', 'beneficiary']).toContain(role)
      expect(Number(score)).toBeGreaterThanOrEqual(0)
      expect(Number(score)).toBeLessThanOrEqual(1)
    }
  })

  test('says the same as NDJSON and as one object', async () => {
    const lines = (await rings('--members', '--format', 'ndjson'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const object = oneObject(await ringfence(['rings', '--store', store, '--json', '--members']))
    expect(object.rings).toEqual(lines)
    const members = lines.flatMap((ring) => ring.members).length
    expect((await rings('--members', '--format', 'csv')).trimEnd().split('\r\n').length).toBe(members + 1)
    for (const ring of lines) expect(ring.facts.length).toBeGreaterThan(0)
  })

  test('--fdr lists only rings at or below; --run another run; an unknown run is refused', async () => {
    const all = (oneObject(await ringfence(['rings', '--store', store, '--json'])).rings as { fdr: number }[]).map(
      (r) => r.fdr,
    )
    const middle = [...all].sort((a, b) => a - b)[all.length >> 1]!
    const few = oneObject(await ringfence(['rings', '--store', store, '--json', '--fdr', String(middle)]))
      .rings as unknown[]
    expect(few.length).toBe(all.filter((fdr) => fdr <= middle).length)
    expect(oneObject(await ringfence(['rings', '--store', store, '--json', '--run', String(first.run)])).run).toBe(
      first.run,
    )
    const unknown = await ringfence(['rings', '--store', store, '--json', '--run', 'nope'])
    expect(unknown.exit).toBe(2)
    expect((oneObject(unknown) as { error: { code: string } }).error.code).toBe('run.unknown')
  })

  test('as a table shows each ring with its window and why', async () => {
    const text = await rings()
    expect(text).toMatch(/^Run .*: \d+ rings\.\n\nring +seen as +accounts/)
    expect(text).toContain('Why:')
    expect(text).toContain('a lead, never a verdict')
  })

  test('of data without rings are the header alone; before any run there is an error', async () => {
    const quiet = folder.path('quiet.duckdb')
    writeFileSync(folder.path('likes.csv'), likes(400))
    await ringfence(['ingest', folder.path('likes.csv'), '--store', quiet])
    const early = await ringfence(['rings', '--store', quiet, '--json'])
    expect(early.exit).toBe(2)
    expect((oneObject(early) as { error: { code: string } }).error.code).toBe('run.none')
    const found = await ringfence(['detect', '--store', quiet, '--json'])
    expect(oneObject(found)).toMatchObject({ rings: 0, members: 0 })
    const empty = await ringfence(['rings', '--members', '--format', 'csv', '--store', quiet])
    expect(empty.exit).toBe(0)
    expect(empty.stdout).toBe('ring,entity,kind,role,score\r\n')
  })

  test('cover half of the accounts of an easy planted sybil ring at least', async () => {
    const truth = readFileSync(`${world}/truth.csv`, 'utf8').trimEnd().split('\n').slice(1)
    const planted = new Set(truth.filter((row) => row.startsWith('sybil-')).map((row) => row.split(',')[1]!))
    const byRing = new Map<string, string[]>()
    for (const row of (await rings('--members', '--format', 'csv')).trimEnd().split('\r\n').slice(1)) {
      const [ring, entity] = row.split(',') as [string, string]
      byRing.set(ring, [...(byRing.get(ring) ?? []), entity])
    }
    const covered = new Set<string>()
    for (const members of byRing.values()) {
      const own = members.filter((member) => planted.has(member))
      if (own.length >= members.length / 2) for (const member of own) covered.add(member)
    }
    expect(covered.size).toBeGreaterThanOrEqual(planted.size / 2)
  })
})

describe('verify and history', () => {
  const ids = async (): Promise<string[]> =>
    (oneObject(await ringfence(['rings', '--store', store, '--json'])).rings as { id: string }[]).map(({ id }) => id)

  test('facts that hold end with 0; an unknown ring with 2; facts whose interactions are gone with 3, named', async () => {
    const [id] = await ids()
    const sound = await ringfence(['verify', id!, '--store', store, '--json'])
    expect(oneObject(sound)).toMatchObject({ ring: id, holds: true })
    expect(sound.exit).toBe(0)
    const unknown = await ringfence(['verify', 'r-none', '--store', store, '--json'])
    expect(unknown.exit).toBe(2)
    expect((oneObject(unknown) as { error: { code: string } }).error.code).toBe('ring.unknown')

    const damaged = folder.path('damaged.duckdb')
    copyFileSync(store, damaged)
    const instance = await DuckDBInstance.create(damaged)
    const connection = await instance.connect()
    await connection.run(`DELETE FROM interactions WHERE (type, id) IN (
      SELECT type, id FROM fact_interactions WHERE ring = '${id}' LIMIT 1)`)
    connection.closeSync()
    instance.closeSync()
    const broken = await ringfence(['verify', id!, '--store', damaged])
    expect(broken.exit).toBe(3)
    expect(broken.stdout).toMatch(/DOES NOT HOLD: .*\n.*\n {4}no longer there: \w+ \S+\n/)
  })

  test('--history tells the life of a ring, and of no other', async () => {
    const [id] = await ids()
    const told = oneObject(await ringfence(['rings', '--history', id!, '--store', store, '--json']))
    expect(told).toMatchObject({
      ring: id,
      state: 'active',
      mergedInto: null,
      events: [{ event: 'born', run: first.run }],
    })
    expect((await ringfence(['rings', '--history', 'r-none', '--store', store])).exit).toBe(2)
  })
})

test('help shows what a command does with examples, exit code 0; wrong usage is exit code 2', async () => {
  for (const name of ['ingest', 'detect', 'rings', 'verify', 'features', 'simulate', 'migrate', 'doctor']) {
    const help = await ringfence([name, '--help'])
    expect(help.exit).toBe(0)
    expect(help.stdout).toContain('Examples:')
    expect(help.stdout).toContain('--store')
  }
  expect((await ringfence(['--help'])).stdout).toContain('Exit codes:')
  expect((await ringfence(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect((await ringfence([])).exit).toBe(2)
})

test('features are listed with unit, sentence and as-of rule, without a store', async () => {
  const listed = await ringfence(['features', 'night', '--kind', 'video', '--json'])
  expect(listed.exit).toBe(0)
  expect(JSON.parse(listed.stdout)).toMatchObject({
    features: [{ kind: 'video', name: 'gets.night', unit: 'share', asOf: expect.stringContaining('scoring time') }],
    lists: [{ kind: 'video', digest: expect.stringMatching(/^[0-9a-f]{64}$/) }],
  })
  expect((await ringfence(['features', '--kind', 'device'])).exit).toBe(2)
})
