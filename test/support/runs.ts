/** Runs and rings for tests of what keeps them. */
import type { JobRecord, RingRecord, RunRecord } from '#src/store/store.js'

export const runRecord = (id: string, more: Partial<RunRecord> = {}): RunRecord => ({
  id,
  job: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  asOf: null,
  seed: 1,
  baseRun: null,
  backend: 'typed-arrays',
  version: '0.1.0',
  parameters: { detectors: ['lockstep'], lockstep: { window: 3600 } },
  counts: { entities: 4, interactions: 6, candidates: 2, rings: 2, members: 4 },
  notes: [{ code: 'times.unknown', message: 'No "times" are known.\nNothing was lost.' }],
  stages: [{ name: 'read', seconds: 0.125 }],
  ...more,
})

export const ringRecord = (id: string, more: Partial<RingRecord> = {}): RingRecord => ({
  id,
  score: 12.5,
  fdr: 0.0123,
  behaviours: ['lockstep', 'sybil'],
  detectors: ['lockstep'],
  window: { from: 1_700_000_000_000, to: 1_700_000_360_000 },
  types: ['like', 'uses'],
  markets: ['', 'US'],
  scenarios: ['content', 'account'],
  members: [
    { kind: 'creator', id: 'c"1', role: 'beneficiary', score: 0.5 },
    { kind: 'user', id: 'a', role: 'core', score: 1 },
    { kind: 'user', id: 'ab é\\', role: 'amplifier', score: 0.1 + 0.2 },
  ],
  facts: [
    {
      code: 'lockstep.shared-targets',
      sentence: 'Two accounts liked\tthe same 3 videos within 5 minutes.',
      observed: 3,
      expected: 1e-7,
      unit: 'videos',
      interactionCount: 4,
      interactions: [
        { type: 'like', id: 'i2' },
        { type: 'like', id: 'i1' },
      ],
      count: {
        of: 'meetings',
        at: 'target',
        pairs: [{ first: 'user:a', second: 'user:ab é\\', within: 300_000 }],
        session: null,
      },
      digests: ['00000000000000a2', '00000000000000a1'],
    },
    {
      code: 'sybil.shared-device',
      sentence: 'They use one device.',
      observed: 2,
      expected: 0,
      unit: 'accounts',
      interactionCount: 0,
      interactions: [],
      count: null,
      digests: [],
    },
  ],
  ...more,
})

export const jobRecord = (id: string, more: Partial<JobRecord> = {}): JobRecord => ({
  id,
  type: 'detect',
  mode: 'write',
  parameters: { seed: 7, detectors: ['lockstep'] },
  key: null,
  state: 'queued',
  progress: { done: 0, stage: '' },
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: null,
  finishedAt: null,
  result: null,
  error: null,
  ...more,
})
