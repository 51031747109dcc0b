/** Models on record as the service shows them. */
import { Type } from 'typebox'
import { modelStates } from '../../store/model-store.js'
import { Nullable } from './shapes.js'

const ModelChange = Type.Object({
  model: Type.String(),
  at: Type.String(),
  who: Type.String(),
  why: Type.String(),
  action: Type.Enum(['register', 'promote', 'roll-back']),
  from: Nullable(Type.Enum([...modelStates])),
  to: Type.Enum([...modelStates]),
})

export const Model = Type.Object({
  id: Type.String(),
  type: Type.String({ description: 'What it is for; one champion a type.' }),
  state: Type.Enum([...modelStates]),
  folder: Type.String({ description: 'Where its weights are, on the machine of the service.' }),
  digest: Type.String(),
  trainedAt: Type.String(),
  version: Type.String(),
  seed: Type.Integer(),
  asOf: Nullable(Type.String()),
  window: Nullable(Type.Object({ from: Nullable(Type.String()), to: Nullable(Type.String()) })),
  run: Nullable(Type.String()),
  labels: Type.Integer(),
  kinds: Type.Array(
    Type.Object({
      kind: Type.String(),
      bad: Type.Integer(),
      good: Type.Integer(),
      featureList: Type.String(),
      measured: Type.Array(
        Type.Object({ metric: Type.String(), value: Type.Number(), spread: Nullable(Type.Number()) }),
      ),
    }),
  ),
  changes: Type.Array(ModelChange, { description: 'Oldest first.' }),
})

const FolderProblem = Nullable(Type.Object({ code: Type.String(), detail: Type.String(), advice: Type.String() }))

export const ModelWithCard = Type.Object({
  ...Model.properties,
  problem: FolderProblem,
  card: Nullable(Type.String({ description: 'Markdown.' })),
})

const Scoring = Type.Object({
  id: Type.String(),
  job: Nullable(Type.String()),
  startedAt: Type.String(),
  finishedAt: Type.String(),
  asOf: Nullable(Type.String()),
  run: Nullable(Type.String()),
  basis: Type.Enum(['model', 'unsupervised']),
  model: Nullable(Type.String()),
  digest: Nullable(Type.String()),
  version: Type.String(),
  counts: Type.Record(Type.String(), Type.Integer()),
  notes: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
  report: Type.Record(Type.String(), Type.Unknown(), { description: '`drift` by kind, `shadow`, `limits`.' }),
})

export const ModelStatus = Type.Object({
  home: Type.String(),
  champion: Nullable(Model),
  problem: FolderProblem,
  candidate: Nullable(Model),
  scoring: Nullable(Scoring),
  settings: Type.Object({
    drift: Type.Record(Type.String(), Type.Number()),
    threshold: Type.Number(),
    keepScores: Type.Integer(),
  }),
})

export const ChangeBody = Type.Object(
  {
    why: Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$',
      description: 'For the record: one line.',
    }),
  },
  { additionalProperties: false },
)
