/** Shapes of answers and requests: validation, serialization and the documentation follow from them. */
import { Type } from 'typebox'
import { interactionTypeNames, scenarioNames } from '../../../graph-schema/schema.js'
import { behaviours } from '../../detectors/detector.js'
import { keyRoles } from '../../jobs/api-keys.js'
import type { JobKind } from '../../jobs/job-kind.js'
import { jobKinds } from '../../jobs/kinds.js'
import { labelDecisions } from '../../store/decision-store.js'
import { type JobRecord, ringEventKinds } from '../../store/store.js'

export const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const Window = Type.Object({ from: Type.String(), to: Type.String() }, { description: 'ISO 8601.' })

export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  advice: Type.String(),
  request: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
})

/** Every route may answer with a problem. */
const problemResponse = {
  description: 'docs/errors.md lists the codes.',
  content: { 'application/problem+json': { schema: Problem } },
}
export const problemResponses = { '4xx': problemResponse, '5xx': problemResponse }

export const EntityRings = Type.Object({
  run: Nullable(Type.String()),
  asOf: Nullable(Type.String()),
  entity: Type.String(),
  rings: Type.Array(
    Type.Object({
      id: Type.String(),
      score: Type.Number({ description: 'Surprise in nats.' }),
      fdr: Type.Number({ description: 'False-discovery rate, 0 to 1.' }),
      role: Type.String(),
      membership: Type.Number({ description: 'Strength of membership, 0 to 1.' }),
      behaviours: Type.Array(Type.String()),
      window: Nullable(Window),
    }),
  ),
  next: Nullable(Type.String()),
})

export const RingSummary = Type.Object({
  id: Type.String(),
  run: Type.String(),
  score: Type.Number({ description: 'Surprise in nats.' }),
  fdr: Type.Number({ description: 'False-discovery rate, 0 to 1.' }),
  behaviours: Type.Array(Type.String()),
  detectors: Type.Array(Type.String()),
  window: Nullable(Window),
  types: Type.Array(Type.String()),
  markets: Type.Array(Type.String()),
  scenarios: Type.Array(Type.String()),
  accounts: Type.Integer(),
  targets: Type.Integer(),
  decision: Nullable(Type.Enum([...labelDecisions], { description: 'What is held of the ring by those who decided.' })),
})

export const RingDetail = Type.Object({
  ...RingSummary.properties,
  asOf: Nullable(Type.String()),
  facts: Type.Array(Type.String({ description: 'What was observed, in words; /evidence has the interactions.' })),
  allowed: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      reason: Type.String(),
      expiresAt: Nullable(Type.String()),
      members: Type.Integer(),
    }),
    { description: 'Entries of the allow-list that mean members of it: the next run does not see these.' },
  ),
})

export const Member = Type.Object({
  entity: Type.String(),
  kind: Type.String(),
  role: Type.String(),
  score: Type.Number({ description: 'Strength of membership, 0 to 1.' }),
})

export const Fact = Type.Object({
  code: Type.String(),
  sentence: Type.String(),
  observed: Type.Number(),
  expected: Type.Number(),
  unit: Type.String(),
  interactionCount: Type.Integer({
    description: 'How many interactions show this; `interactions` holds the first ones where it is shorter.',
  }),
  count: Nullable(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        'How `observed` is counted from the interactions: `of` is interactions, actors, targets, pairs, cells, co-actors, named, partners, meetings, moments, copies or rated. Null in runs that were written before.',
    }),
  ),
  interactions: Type.Array(
    Type.Object({
      type: Type.String(),
      id: Type.String(),
      actor: Type.Optional(Type.String()),
      target: Type.Optional(Type.String()),
      at: Type.Optional(Nullable(Type.String())),
      market: Type.Optional(Nullable(Type.String())),
      scenario: Type.Optional(Type.String()),
      weight: Type.Optional(Type.Number()),
      attributes: Type.Optional(Nullable(Type.Record(Type.String(), Type.Unknown()))),
    }),
    { description: 'The fields beside type and id only with `details=true`.' },
  ),
})

export const HangsOn = Type.Object({
  limit: Type.Number({ description: 'The false-discovery rate above which the run named no ring.' }),
  slackNats: Type.Number({ description: 'Surprise that the ring can lose before it is above.' }),
  facts: Type.Array(Type.Integer(), {
    description: 'Positions of the facts without which the ring would not have been named: the smallest such set.',
  }),
  entities: Nullable(
    Type.Array(Type.String(), {
      description:
        'With `entities=true`: the few entities without whom it would not have been named; null where these are more than five or the facts are not kept whole.',
    }),
  ),
})

export const RingHistory = Type.Object({
  ring: Type.String(),
  state: Type.Enum(['active', 'dormant', 'merged', 'dissolved']),
  mergedInto: Nullable(Type.String({ description: 'The ring that goes on in its place.' })),
  events: Type.Array(
    Type.Object({
      event: Type.Enum([...ringEventKinds]),
      run: Type.String(),
      at: Type.String({ description: 'When the run finished.' }),
      overlap: Nullable(Type.Number({ description: 'Weighted overlap with the ring it is compared with, 0 to 1.' })),
      accounts: Type.Integer({
        description: 'Accounts that joined (grown) or left (shrunk); else of the ring itself.',
      }),
      other: Nullable(Type.String({ description: 'merged: the ring that goes on; split: the ring it comes from.' })),
    }),
  ),
})

const Ref = Type.Object({ type: Type.String(), id: Type.String() })

export const RingCheck = Type.Object({
  ring: Type.String(),
  run: Type.String(),
  holds: Type.Boolean({ description: 'Whether every fact holds, at least in part.' }),
  facts: Type.Array(
    Type.Object({
      code: Type.String(),
      sentence: Type.String(),
      state: Type.Enum(['holds', 'holds-in-part', 'broken', 'unchecked'], {
        description:
          'holds-in-part: more interactions show the fact than are kept with it; those that are kept are unchanged. unchecked: written before facts could be counted again.',
      }),
      observed: Type.Number(),
      recounted: Nullable(Type.Number()),
      kept: Type.Integer({ description: 'Interactions that are kept with the fact, of interactionCount.' }),
      interactionCount: Type.Integer(),
      missing: Type.Array(Ref),
      changed: Type.Array(Ref),
    }),
  ),
})

export const Run = Type.Object({
  id: Type.String(),
  job: Nullable(Type.String()),
  startedAt: Type.String(),
  finishedAt: Type.String(),
  asOf: Nullable(Type.String()),
  seed: Type.Integer(),
  baseRun: Nullable(Type.String()),
  mode: Type.Optional(
    Type.Enum(['full', 'warm'], {
      description: 'warm: some detectors used what they found in an earlier run, or started from it.',
    }),
  ),
  reused: Type.Optional(
    Type.Array(Type.Object({ detector: Type.String(), run: Type.String({ description: 'The run that looked.' }) })),
  ),
  focused: Type.Optional(
    Type.Array(
      Type.Object({
        detector: Type.String(),
        run: Type.String({ description: 'The run that it started from.' }),
        added: Type.Integer({ description: 'Interactions that are new since then; it looked only around these.' }),
        fullRun: Type.String({ description: 'The last run in which it looked everywhere.' }),
      }),
    ),
  ),
  searched: Type.Optional(
    Type.Array(
      Type.Object({
        detector: Type.String(),
        why: Type.String({
          description:
            'Why it looked everywhere: asked, no-base, other-search, gone (something of then is no more), drift (too much is new), always.',
        }),
      }),
    ),
  ),
  backend: Type.String(),
  version: Type.String(),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  counts: Type.Record(Type.String(), Type.Integer()),
  notes: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
  stages: Type.Array(Type.Object({ name: Type.String(), seconds: Type.Number() })),
})

export const Job = Type.Object({
  id: Type.String(),
  type: Type.String(),
  mode: Type.String(),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  key: Nullable(Type.String()),
  state: Type.String({ description: 'queued, running, done, failed or cancelled.' }),
  progress: Type.Object({ done: Type.Number(), stage: Type.String() }),
  createdAt: Type.String(),
  startedAt: Nullable(Type.String()),
  finishedAt: Nullable(Type.String()),
  result: Nullable(Type.Record(Type.String(), Type.Unknown())),
  error: Nullable(Type.Object({ code: Type.String(), detail: Type.String() })),
  runId: Type.String({ description: 'The id of what the job makes, the same in every attempt.' }),
  dueAt: Type.String({ description: 'Not before. Jobs start in the order of due time, priority, id.' }),
  priority: Type.Integer({ description: 'Lower first.' }),
  attempts: Type.Integer({ description: 'How often it was started since it was asked for.' }),
  cancelRequested: Type.Boolean(),
  schedule: Nullable(Type.String({ description: 'The schedule that asked for it.' })),
  cost: Nullable(Type.Object({ cpuSeconds: Type.Number(), seconds: Type.Number(), peakMb: Type.Number() })),
})

const JobKindBody = ({ type, parameters }: JobKind) =>
  Type.Object(
    {
      type: Type.Literal(type),
      mode: Type.Optional(Type.Enum(['estimate', 'dry-run', 'write'], { default: 'write' })),
      key: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 256,
          description: 'A second request with the same key is the same job.',
        }),
      ),
      parameters: Type.Optional(parameters),
    },
    { additionalProperties: false },
  )

/** The type decides which parameters there are, so that a mistake is told where it is and not once for each type. */
export const JobBody = Type.Unsafe<{
  readonly type: string
  readonly mode?: JobRecord['mode']
  readonly key?: string
  readonly parameters?: Readonly<Record<string, unknown>>
}>({
  type: 'object',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: jobKinds.map(JobKindBody),
})

export const Key = Type.Object({
  id: Type.String(),
  role: Type.String(),
  name: Type.String(),
  createdAt: Type.String(),
  revokedAt: Nullable(Type.String()),
})

export const MadeKey = Type.Object({ ...Key.properties, key: Type.String({ description: 'Shown this once.' }) })

export const KeyBody = Type.Object(
  {
    role: Type.Enum([...keyRoles]),
    name: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$',
      description: 'Whose key it is, or what for: one line.',
    }),
  },
  { additionalProperties: false },
)

export const IngestAnswer = Type.Object({
  read: Type.Integer(),
  accepted: Type.Integer(),
  duplicates: Type.Integer(),
  rejected: Type.Integer(),
  rejectsFile: Type.Null(),
  entities: Type.Integer(),
  seconds: Type.Number(),
  errors: Type.Array(
    Type.Object({ index: Type.Integer(), field: Type.String(), code: Type.String(), message: Type.String() }),
  ),
  errorsOmitted: Type.Integer({ description: 'Rejects beyond those in `errors`.' }),
})

export const Page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  /** Room for an id of 512 bytes, each escaped. */
  cursor: Type.Optional(Type.String({ maxLength: 8192 })),
}

export const RingQuery = Type.Object(
  {
    ...Page,
    behaviour: Type.Optional(Type.Enum([...behaviours])),
    market: Type.Optional(Type.String({ maxLength: 32 })),
    scenario: Type.Optional(Type.Enum([...scenarioNames])),
    type: Type.Optional(Type.Enum([...interactionTypeNames])),
    decision: Type.Optional(
      Type.Enum([...labelDecisions, 'none'], { description: '`none`: nobody has decided on it.' }),
    ),
    minScore: Type.Optional(Type.Number({ minimum: 0 })),
    maxFdr: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    run: Type.Optional(Type.String({ maxLength: 64, description: 'A run; the latest finished one unless told.' })),
  },
  { additionalProperties: false },
)

export const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 512 }) })

export const RunQuery = Type.Object(
  { run: Type.Optional(Type.String({ maxLength: 64 })) },
  { additionalProperties: false },
)
