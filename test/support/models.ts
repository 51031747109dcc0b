/** Models and scorings for tests of what keeps them. */
import type { ModelRecord, ScoringRecord } from '#src/store/model-store.js'
import type { PropagationRecord } from '#src/store/risk-store.js'

export const modelRecord = (id: string, more: Partial<ModelRecord> = {}): ModelRecord => ({
  id,
  type: 'entities',
  folder: '/var/models/é "one"',
  digest: 'ab'.repeat(32),
  trainedAt: '2026-01-01T00:00:00.000Z',
  version: '0.1.0',
  seed: 7,
  asOf: 1_700_000_000_000,
  window: { from: 1_600_000_000_000, to: 1_700_000_000_000 },
  run: null,
  labels: 120,
  kinds: [
    {
      kind: 'user',
      bad: 36,
      good: 84,
      featureList: 'cd'.repeat(32),
      measured: [{ metric: 'average precision', value: 0.1 + 0.2, spread: null }],
    },
  ],
  ...more,
})

export const scoringRecord = (id: string, more: Partial<ScoringRecord> = {}): ScoringRecord => ({
  id,
  job: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  asOf: null,
  run: 'r1',
  basis: 'model',
  model: null,
  digest: null,
  version: '0.1.0',
  counts: { user: 2, video: 1 },
  notes: [{ code: 'drift.inputs', message: 'An input "moved".' }],
  report: { drift: { deep: [1, 'é'] } },
  ...more,
})

export const propagationRecord = (id: string, more: Partial<PropagationRecord> = {}): PropagationRecord => ({
  id,
  job: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  asOf: null,
  run: 'r1',
  scoring: null,
  labels: 2,
  version: '0.1.0',
  parameters: { form: 'balanced', share: null, tolerance: 1e-6, strict: false },
  least: 0.01,
  domains: [
    { scenario: 'content', market: 'US' },
    { scenario: 'shelf', market: '' },
  ],
  couplings: [0, 0.1 + 0.2, 0.5, 0],
  pooled: 0.5,
  reference: 1_700_000_000_000,
  copies: 4,
  sweeps: 12,
  bound: 1e-7,
  counts: { helper: 1 },
  flows: [{ from: 'content/US', to: 'shelf/', kind: 'user', month: '2026-01', amount: 0.5, entities: 2 }],
  notes: [{ code: 'risk.no-domain', message: 'A "source" without.' }],
  ...more,
})
