/** Risk as the service shows it. */
import { Type } from 'typebox'
import { riskRoles } from '../../../graph-schema/risk.js'
import { entityKindNames } from '../../../graph-schema/schema.js'
import { whatIfs } from '../../risk/propagation/live-risk.js'
import { Nullable, Page } from './shapes.js'

const domain = Type.String({ maxLength: 200, description: '`scenario/market`, as in content/US.' })

export const RiskQuery = Type.Object(
  {
    domain: Type.Optional(domain),
    paths: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 50, default: 10, description: 'Paths to tell in each domain at most.' }),
    ),
    whatIf: Type.Optional(Type.Enum([...whatIfs], { description: 'What is supposed of `of`; nothing is written.' })),
    of: Type.Optional(
      Type.String({ maxLength: 600, description: '`kind:id`; default: the entity that is asked about.' }),
    ),
  },
  { additionalProperties: false },
)

const Step = Type.Object({
  from: Type.String(),
  to: Type.String(),
  domain: Type.String({ description: 'Where the step ends.' }),
  fromDomain: Nullable(
    Type.String({ description: 'Where it begins, for a step from one domain of an entity to another.' }),
  ),
  interactions: Type.Array(
    Type.Object({
      type: Type.String(),
      actor: Type.String(),
      target: Type.String(),
      count: Type.Integer(),
      first: Nullable(Type.String()),
      last: Nullable(Type.String()),
      ageDays: Nullable(Type.Number({ description: 'Of the latest, from the time that ages are counted from.' })),
    }),
  ),
})

const Path = Type.Object({
  source: Type.String(),
  sourceDomain: Type.String(),
  given: Type.Number({ description: 'What the source gives itself, 0 to 1.' }),
  amount: Type.Number(),
  share: Type.Number({ description: 'Of the risk; shares and `rest` add up to 1.' }),
  steps: Type.Array(Step, { description: 'From the source to the entity; empty where it is a source itself.' }),
})

export const EntityRiskAnswer = Type.Object({
  propagation: Type.String(),
  run: Nullable(Type.String()),
  scoring: Nullable(Type.String()),
  asOf: Nullable(Type.String()),
  finishedAt: Type.String(),
  entity: Type.String(),
  domains: Type.Array(
    Type.Object({
      domain: Type.String(),
      risk: Type.Number({ description: '1 is as much as one certain source gives itself. A lead, no probability.' }),
      role: Nullable(Type.Enum(riskRoles.filter((role) => role !== 'victim'))),
      harm: Type.Number({ description: 'Of a victim, 0 to 1; kept apart from risk.' }),
      paths: Type.Array(Path),
      rest: Type.Number({ description: 'Share of the risk that the paths do not carry.' }),
    }),
    { description: 'Where the entity acts, by falling risk.' },
  ),
  bound: Type.Number({ description: 'No risk is further off.' }),
  live: Nullable(
    Type.Object(
      {
        graphAt: Type.String({ description: 'When the graph was read that `domains` and their paths are over.' }),
        repaired: Type.Integer({ description: 'Interactions that came since and are in `domains` here.' }),
        repairedAt: Nullable(Type.String()),
        waiting: Type.Integer({
          description: 'Interactions of the store that are in neither: the graph is read again for them before long.',
        }),
        domains: Type.Array(Type.Object({ domain: Type.String(), risk: Type.Number() })),
        bound: Type.Number({ description: 'No risk of these is further off.' }),
      },
      {
        description:
          'Risk with what has come since the graph was read. Null where the propagation is as of a time, or the service does not take it in.',
      },
    ),
  ),
  whatIf: Nullable(
    Type.Object({
      decision: Type.Enum([...whatIfs]),
      of: Type.String(),
      domains: Type.Array(Type.Object({ domain: Type.String(), risk: Type.Number() })),
      bound: Type.Number(),
    }),
  ),
  notes: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
})

export const FlowQuery = Type.Object(
  {
    ...Page,
    from: Type.Optional(domain),
    to: Type.Optional(domain),
    kind: Type.Optional(Type.Enum([...entityKindNames])),
    since: Type.Optional(
      Type.String({ pattern: '^\\d{4}-\\d{2}$', description: 'A month: only entities first seen there since.' }),
    ),
  },
  { additionalProperties: false },
)

export const FlowsAnswer = Type.Object({
  propagation: Type.String(),
  run: Nullable(Type.String()),
  asOf: Nullable(Type.String()),
  domains: Type.Array(Type.String()),
  flows: Type.Array(
    Type.Object({
      from: Type.String(),
      to: Type.String(),
      kind: Type.String({ description: 'Of the entities that carried it.' }),
      month: Nullable(Type.String({ description: 'Of their first interaction in `to`.' })),
      amount: Type.Number({ description: 'Sum over entities of what the copy in `to` was told by the one in `from`.' }),
      entities: Type.Integer(),
    }),
    { description: 'By from, to, kind, month.' },
  ),
  next: Nullable(Type.String()),
})
