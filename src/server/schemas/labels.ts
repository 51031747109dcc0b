/** Shapes of decisions. */
import { Type } from 'typebox'
import { labelDecisions } from '../../store/decision-store.js'
import { Nullable, Page } from './shapes.js'

export const ReasonText = Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' })

const given = {
  subject: Type.String({ minLength: 3, maxLength: 600, description: '`kind:id` of an entity, or `ring:id`.' }),
  label: Type.Enum([...labelDecisions]),
  reason: ReasonText,
  at: Type.Optional(Type.String({ format: 'date-time', description: 'When it was decided; now unless told.' })),
  expiresAt: Type.Optional(
    Nullable(Type.String({ format: 'date-time', description: 'From then on it does not count.' })),
  ),
  evidence: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 600 }), {
      maxItems: 100,
      description: 'What it rests on: interactions (`type:id`), addresses, ids of cases.',
    }),
  ),
}

export const LabelBody = Type.Object(
  {
    ...given,
    after: Type.Optional(
      Nullable(
        Type.String({
          // Else null would be read as an empty text.
          minLength: 1,
          maxLength: 64,
          description: 'Id of the last decision on the subject that you have seen; null: none.',
        }),
      ),
    ),
  },
  { additionalProperties: false },
)

export const BulkBody = Type.Object(
  {
    mode: Type.Optional(Type.Enum(['estimate', 'write'], { default: 'estimate' })),
    labels: Type.Array(Type.Object(given, { additionalProperties: false }), { minItems: 1, maxItems: 10_000 }),
    seen: Type.Optional(Type.String({ maxLength: 64, description: 'What the estimate gave; needed to write.' })),
  },
  { additionalProperties: false },
)

export const ReasonBody = Type.Object({ reason: ReasonText }, { additionalProperties: false })

const states = ['counts', 'replaced', 'expired', 'taken-back', 'later', 'undo'] as const

export const Label = Type.Object({
  id: Type.String(),
  place: Type.Integer(),
  subject: Type.String(),
  label: Nullable(Type.Enum([...labelDecisions])),
  reason: Type.String(),
  owner: Type.String(),
  at: Type.String(),
  recordedAt: Type.String(),
  expiresAt: Nullable(Type.String()),
  evidence: Type.Array(Type.String()),
  batch: Nullable(Type.String()),
  takesBack: Nullable(Type.String({ description: 'The label that this record takes back.' })),
  ring: Nullable(
    Type.Object(
      { run: Type.String(), accounts: Type.Integer(), detectors: Type.Array(Type.String()) },
      { description: 'The ring as it was seen.' },
    ),
  ),
  state: Type.Enum([...states], {
    description: 'Only one that `counts` is what is held of its subject; `replaced`: somebody decided later.',
  }),
  takenBack: Nullable(
    Type.Object({ id: Type.String(), owner: Type.String(), at: Type.String(), reason: Type.String() }),
  ),
})

export const LabelQuery = Type.Object(
  {
    limit: Page.limit,
    before: Type.Optional(Type.Integer({ minimum: 1, description: 'Only labels before this place: `next`.' })),
    subject: Type.Optional(Type.String({ maxLength: 600 })),
    owner: Type.Optional(Type.String({ maxLength: 300 })),
    batch: Type.Optional(Type.String({ maxLength: 64 })),
    state: Type.Optional(Type.Enum([...states])),
    asOf: Type.Optional(Type.String({ format: 'date-time', description: 'States as they were then.' })),
  },
  { additionalProperties: false },
)

export const BulkEstimate = Type.Object({
  count: Type.Integer(),
  byLabel: Type.Record(Type.String(), Type.Integer()),
  sample: Type.Array(Type.Object({ subject: Type.String(), label: Type.String(), now: Nullable(Type.String()) }), {
    description: 'The first ones, with what is held of them now.',
  }),
  decided: Type.Integer({ description: 'On how many something is decided already.' }),
  decidedSample: Type.Array(Type.Object({ subject: Type.String(), label: Type.String(), owner: Type.String() })),
  seen: Type.String(),
})
