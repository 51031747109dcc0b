/** What was taken together in the picture: listed, decided on, or saved. */
import type { GraphNode, RingGraph } from '../api/shapes.js'
import { Bulk } from '../decide/bulk.js'
import { saveAs } from '../lib/save.js'
import { counted, percent, whole } from '../lib/words.js'
import { Chip, Entity } from '../ui/name.js'

const MOST_LISTED = 200

const quoted = (value: string | number | null): string => {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** RFC 4180, as the service's own: `ring,entity,kind,role,score`. */
const csv = (ring: string, nodes: readonly GraphNode[]): string =>
  [
    'ring,entity,kind,role,score',
    ...nodes.map(({ entity, kind, role, score }) => [ring, entity, kind, role, score].map(quoted).join(',')),
    '',
  ].join('\r\n')

const json = (answer: RingGraph, names: ReadonlySet<string>): string => {
  const { ring, run, nodes, edges } = answer
  const ends = edges.map(({ source, target, ...rest }) => ({
    source: nodes[source]!.entity,
    target: nodes[target]!.entity,
    ...rest,
  }))
  return JSON.stringify({
    ring,
    run,
    nodes: nodes.filter(({ entity }) => names.has(entity)),
    edges: ends.filter(({ source, target }) => names.has(source) && names.has(target)),
  })
}

interface Props {
  readonly answer: RingGraph
  readonly names: ReadonlySet<string>
  readonly clear: () => void
}

export const Chosen = ({ answer, names, clear }: Props) => {
  const nodes = answer.nodes.filter(({ entity }) => names.has(entity))
  const folded = names.size - nodes.length
  const members = nodes.filter(({ role }) => role !== null)
  return (
    <section class="selected" aria-label="Taken together">
      <p role="status">
        <b>{counted(nodes.length, 'node')}</b> taken together, {whole(members.length)} of them members.{' '}
        {folded > 0 ? <span class="quiet">{counted(folded, 'folded node')} left out: they stand for many.</span> : null}
      </p>
      <p class="buttons">
        <button
          type="button"
          onClick={() => saveAs(`${answer.ring}-chosen.csv`, 'text/csv', csv(answer.ring, nodes))}
          disabled={nodes.length === 0}
        >
          Save as CSV
        </button>
        <button
          type="button"
          onClick={() => saveAs(`${answer.ring}-chosen.json`, 'application/json', json(answer, names))}
          disabled={nodes.length === 0}
        >
          Save with its edges as JSON
        </button>
        <button type="button" onClick={clear}>
          Let go
        </button>
      </p>
      <details>
        <summary>List them</summary>
        <ul class="rows dense chosen">
          {nodes.slice(0, MOST_LISTED).map(({ entity, role, score }) => (
            <li key={entity}>
              <Entity name={entity} /> {role === null ? null : <Chip kind={`role-${role}`}>{role}</Chip>}
              <span class="quiet end">{score === null ? '' : percent(score)}</span>
            </li>
          ))}
        </ul>
        {nodes.length > MOST_LISTED ? (
          <p class="quiet">{whole(nodes.length - MOST_LISTED)} more are in the files.</p>
        ) : null}
      </details>
      <details>
        <summary>Decide on the {counted(nodes.length, 'node')}</summary>
        <Bulk
          name={`chosen.${answer.ring}`}
          count={nodes.length}
          what="what was taken together"
          collect={async () => nodes.map(({ entity }) => entity)}
        />
      </details>
    </section>
  )
}
