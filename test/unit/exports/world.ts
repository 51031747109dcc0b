/** A small store with names that break careless writers, and a run with rings in it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ExportContent } from '#src/exports/content.js'
import { exportToPath } from '#src/exports/export-files.js'
import { type ExportFormatName, formatNamed } from '#src/exports/formats.js'
import type { Manifest } from '#src/exports/manifest.js'
import { Names } from '#src/exports/names.js'
import { type ExportQuestion, scopeOf } from '#src/exports/scope.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore, RingRecord } from '#src/store/store.js'
import { batchOf, type InteractionInput } from '../../support/batches.js'
import { ringRecord, runRecord } from '../../support/runs.js'

/** Each as a user's id. */
export const hardIds = [
  '<script>alert("1")</script>&amp;\'',
  'مرحبا‎ עולם‮abc',
  'x'.repeat(500),
  '👩‍👩‍👧 emoji, "quoted"; semicolons',
  '=HYPERLINK("http://example.invalid")',
  'a\\u0027}) DETACH DELETE n; //',
  "'; MATCH (n) DETACH DELETE n; //",
  ' blanks around ',
  'back\\slash\\',
  'NULL',
  'odd \ufffe character',
]

/** Identifiers of persons that masked exports must not show. */
export const secrets = ['+49 170 SECRET', 'device<secret>&1', '10.secret.0.1']

export const hardInteractions: readonly InteractionInput[] = [
  ...hardIds.map(
    (id, i): InteractionInput => ({
      id: `like ${id}`.slice(0, 480),
      type: 'like',
      actor: `user:${id}`,
      target: 'video:v<1>',
      at: 1_760_000_000_000 + i * 1000,
      market: i % 2 ? 'US' : 'D"E',
      weight: 0.1 * i,
      attributes: { text: 'line\none\ttwo\u0001 "q" \'s\' \\ </data> ]]>', token: 'SECRET-TOKEN' },
    }),
  ),
  // The same two again: parallel edges.
  { id: 'again', type: 'like', actor: `user:${hardIds[0]}`, target: 'video:v<1>' },
  { id: 'self', type: 'associate', actor: 'user:NULL', target: 'user:NULL' },
  { id: `u1 ${secrets[0]}`, type: 'uses', actor: `user:${hardIds[0]}`, target: `contact:${secrets[0]}` },
  { id: `u2 ${secrets[0]}`, type: 'uses', actor: `user:${hardIds[1]}`, target: `contact:${secrets[0]}` },
  { id: 'u3', type: 'uses', actor: 'user:NULL', target: `device:${secrets[1]}` },
  { id: 'u4', type: 'uses', actor: 'user:elsewhere', target: `network:${secrets[2]}` },
]

const hardRing: RingRecord = ringRecord('r-hard', {
  members: [
    ...hardIds.map((id) => ({ kind: 'user', id, role: 'core', score: 0.75 }) as const),
    { kind: 'video', id: 'v<1>', role: 'beneficiary', score: 1 } as const,
  ].sort((a, b) => Buffer.compare(Buffer.from(`${a.kind}:${a.id}`), Buffer.from(`${b.kind}:${b.id}`))),
  facts: [
    {
      code: 'lockstep.shared-targets',
      sentence: `They liked <b>one</b> video & user:${hardIds[1]} did too.`,
      observed: 11,
      expected: 1e-7,
      unit: 'accounts',
      interactionCount: 11,
      interactions: hardInteractions.slice(0, hardIds.length).map(({ type, id }) => ({ type, id })),
      count: { of: 'actors' },
      digests: hardIds.map((_, i) => i.toString(16).padStart(16, '0')),
    },
    {
      code: 'sybil.shared-contact',
      sentence: `2 accounts use contact:${secrets[0]} alone.`,
      observed: 2,
      expected: 0,
      unit: 'accounts',
      interactionCount: 2,
      interactions: [
        { type: 'uses', id: `u1 ${secrets[0]}` },
        { type: 'uses', id: `u2 ${secrets[0]}` },
      ],
      count: { of: 'named', entities: [`contact:${secrets[0]}`] },
      digests: ['00000000000000a1', '00000000000000a2'],
    },
  ],
})

const timelessRing = ringRecord('r-timeless', {
  score: 3,
  window: null,
  members: [{ kind: 'user', id: 'NULL', role: 'mule', score: 0.25 }],
  facts: [],
})

export interface ExportWorld {
  readonly store: GraphStore
  readonly path: (name: string) => string
  readonly close: () => Promise<void>
}

export const openExportWorld = async (): Promise<ExportWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-exports-'))
  const store = await openStore(join(folder, 'store.duckdb'))
  await store.writeBatch(
    batchOf(hardInteractions, [
      { entity: 'user:NULL', at: 1_750_000_000_000, market: 'US', attributes: { name: 'SECRET-TOKEN' } },
      { entity: 'product:alone' },
    ]),
  )
  await store.saveRun({ run: runRecord('run-1'), rings: [hardRing, timelessRing] })
  return {
    store,
    path: (name) => join(folder, name),
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export const MASK_KEY = 'a key for tests'

export const exportTo = async (
  store: GraphStore,
  format: ExportFormatName,
  out: string,
  question: ExportQuestion,
  { masked = false, signal }: { readonly masked?: boolean; readonly signal?: AbortSignal } = {},
): Promise<Manifest> => {
  const scope = await scopeOf(store, question, async (asOf) => buildSnapshot(await store.readGraph(asOf)))
  const content = await ExportContent.open(store, scope, new Names(masked ? MASK_KEY : null), signal)
  return exportToPath(formatNamed(format), content, out)
}
