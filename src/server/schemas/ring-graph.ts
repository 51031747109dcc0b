import { Type } from 'typebox'
import { Nullable } from './shapes.js'

/** Of nodes in one picture: more is a grey cloud to the eye and slow to lay out. */
export const MOST_NODES = 2000
const MOST_EXPANDED = 20

export const RingGraphQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_NODES, default: MOST_NODES })),
    expand: Type.Optional(
      Type.Union(
        [Type.Array(Type.String({ maxLength: 600 }), { maxItems: MOST_EXPANDED }), Type.String({ maxLength: 600 })],
        {
          description: 'Entities, kind:id, whose neighbours are shown too; may be given several times.',
        },
      ),
    ),
    maxShared: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 100_000_000,
        default: 200,
        description: 'Places with more interactions are folded into one node a kind, unless evidence is there.',
      }),
    ),
  },
  { additionalProperties: false },
)

const Node = Type.Object({
  entity: Type.String(),
  kind: Type.String(),
  role: Nullable(Type.String({ description: 'Of a member.' })),
  score: Nullable(Type.Number({ description: 'Strength of membership, 0 to 1.' })),
  interactions: Type.Integer({ description: 'Of the entity in the whole graph.' }),
  neighbours: Nullable(
    Type.Integer({ description: 'Other entities it interacts with in the whole graph; null: too many to count here.' }),
  ),
  hidden: Nullable(Type.Integer({ description: 'Of its neighbours, those that are not in the picture.' })),
  expanded: Type.Boolean(),
})

const Edge = Type.Object({
  source: Type.Integer({ description: 'Position in `nodes`.' }),
  target: Type.Integer(),
  type: Type.String(),
  count: Type.Integer(),
  first: Nullable(Type.String()),
  last: Nullable(Type.String()),
  facts: Type.Array(Type.Integer(), { description: 'Positions of the facts that its interactions show.' }),
})

const Folded = Type.Object({
  kind: Type.String(),
  places: Type.Integer(),
  links: Type.Array(
    Type.Object({ node: Type.Integer(), places: Type.Integer({ description: 'How many of the places it was at.' }) }),
  ),
})

export const RingGraph = Type.Object({
  ring: Type.String(),
  run: Type.String(),
  nodes: Type.Array(Node, {
    description:
      'Members by falling strength, then where the evidence is, then places that they share; of a ring that has no room, the other members last.',
  }),
  edges: Type.Array(Edge, { description: 'All interactions of one type from one to another are one.' }),
  folded: Type.Array(Folded, { description: 'Crowded places where two or more members meet.' }),
  leftOut: Type.Object(
    {
      members: Type.Integer(),
      evidence: Type.Integer({ description: 'Ends of evidence.' }),
      places: Type.Integer({ description: 'Places that members share.' }),
      neighbours: Type.Integer({ description: 'Neighbours of those that were expanded.' }),
      unread: Type.Integer({ description: 'Entities whose interactions were not looked through: too many.' }),
    },
    { description: 'What is not in the picture, and would be without `limit` and bounds on the work.' },
  ),
  untimed: Type.Integer({ description: 'Edges of which no time is known.' }),
})
