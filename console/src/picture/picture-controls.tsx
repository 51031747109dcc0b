import { useState } from 'preact/hooks'
import type { GraphEdge, GraphNode, RingGraph } from '../api/shapes.js'
import { changeQuery } from '../lib/address.js'
import { counted, exactTime, whole } from '../lib/words.js'
import { Chip, Entity } from '../ui/name.js'

const MOST_FOUND = 8

export const Search = ({
  nodes,
  choose,
}: {
  readonly nodes: readonly GraphNode[]
  readonly choose: (node: string) => void
}) => {
  const [text, setText] = useState('')
  const wanted = text.trim().toLowerCase()
  const found = wanted === '' ? [] : nodes.filter(({ entity }) => entity.toLowerCase().includes(wanted))
  const take = (node: string): void => {
    setText('')
    choose(node)
  }
  return (
    <form
      class="search"
      onSubmit={(event) => {
        event.preventDefault()
        if (found[0]) take(found[0].entity)
      }}
    >
      <label>
        <span>Find in the picture</span>
        <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      {wanted === '' ? null : (
        <ul class="found">
          {found.slice(0, MOST_FOUND).map(({ entity }) => (
            <li key={entity}>
              <button type="button" class="plain" onClick={() => take(entity)}>
                <Entity name={entity} plain />
              </button>
            </li>
          ))}
          <li class="quiet" role="status">
            {found.length === 0
              ? 'Nothing in the picture has this in its name.'
              : found.length > MOST_FOUND
                ? `${whole(found.length - MOST_FOUND)} more`
                : counted(found.length, 'node')}
          </li>
        </ul>
      )}
    </form>
  )
}

const MOST_LINES = 12

interface SelectedProps {
  readonly name: string
  readonly answer: RingGraph
  readonly choose: (node: string | null) => void
  readonly expanded: readonly string[]
}

const Folded = ({ name, answer, choose }: Omit<SelectedProps, 'expanded'>) => {
  const fold = answer.folded.find(({ kind }) => `folded:${kind}` === name)
  if (!fold) return null
  return (
    <section class="selected" aria-label="The chosen node">
      <p>
        <b>
          {whole(fold.places)} crowded {fold.kind}
          {fold.places === 1 ? '' : 's'}
        </b>
        , folded into one node: {counted(fold.links.length, 'member')} meet there among many others, which says little.
      </p>
      <button type="button" onClick={() => choose(null)}>
        Close
      </button>
    </section>
  )
}

/** The chosen node in words, with its edges: the picture for those who do not see it. */
export const Selected = ({ name, answer, choose, expanded }: SelectedProps) => {
  const position = answer.nodes.findIndex(({ entity }) => entity === name)
  const node = answer.nodes[position]
  if (!node) return <Folded name={name} answer={answer} choose={choose} />
  const edges = answer.edges.filter(({ source, target }) => source === position || target === position)
  const line = (edge: GraphEdge) => {
    const isActor = edge.source === position
    const other = answer.nodes[isActor ? edge.target : edge.source]!
    return (
      <li key={`${edge.type} ${edge.source} ${edge.target}`}>
        <span>
          {isActor ? `${edge.type} →` : `← ${edge.type}`}
          {edge.count > 1 ? ` ×${whole(edge.count)}` : ''}
        </span>
        <button type="button" class="plain link" onClick={() => choose(other.entity)}>
          <Entity name={other.entity} plain />
        </button>
        <span class="quiet end">{exactTime(edge.first)}</span>
      </li>
    )
  }
  return (
    <section class="selected" aria-label="The chosen node">
      <p>
        <Entity name={node.entity} />{' '}
        {node.role === null ? (
          <span class="quiet">not a member</span>
        ) : (
          <Chip kind={`role-${node.role}`}>{node.role}</Chip>
        )}{' '}
        <span class="quiet">
          {counted(node.interactions, 'interaction')} in all,{' '}
          {node.neighbours === null
            ? 'more neighbours than are counted here'
            : `${counted(node.neighbours, 'neighbour')}, ${whole(node.hidden ?? 0)} of them not in the picture`}
        </span>
      </p>
      <p class="buttons">
        {expanded.includes(name) ? (
          <button type="button" onClick={() => changeQuery({ expand: expanded.filter((each) => each !== name) })}>
            Take its neighbours out again
          </button>
        ) : node.hidden === 0 ? null : (
          <button type="button" onClick={() => changeQuery({ expand: [...expanded, name] })}>
            {node.hidden === null
              ? 'Add its neighbours (too many to count)'
              : `Add its ${counted(node.hidden, 'neighbour')} not shown`}
          </button>
        )}
        <button type="button" onClick={() => choose(null)}>
          Close
        </button>
      </p>
      <ul class="rows dense">{edges.slice(0, MOST_LINES).map(line)}</ul>
      {edges.length > MOST_LINES ? (
        <p class="quiet">{whole(edges.length - MOST_LINES)} more edges in the picture.</p>
      ) : null}
    </section>
  )
}

const count = (names: readonly (string | null)[]): readonly (readonly [string, number])[] => {
  const counts = new Map<string, number>()
  for (const name of names) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)
}

export const Legend = ({ answer }: { readonly answer: RingGraph }) => (
  <ul class="inline legend" aria-label="Legend">
    {count(answer.nodes.map(({ role }) => role)).map(([role, many]) => (
      <li key={role}>
        <span class={`dot role-${role}`} aria-hidden="true" />
        {role} {whole(many)}
      </li>
    ))}
    {count(answer.nodes.map(({ role, kind }) => (role === null ? kind : null))).map(([kind, many]) => (
      <li key={kind}>
        <span class={`dot shape-${kind}`} aria-hidden="true" />
        {kind} {whole(many)}
      </li>
    ))}
  </ul>
)

export const TypeFilter = ({
  answer,
  hidden,
}: {
  readonly answer: RingGraph
  readonly hidden: ReadonlySet<string>
}) => {
  const toggle = (type: string): void => {
    changeQuery({ hide: hidden.has(type) ? [...hidden].filter((each) => each !== type) : [...hidden, type] })
  }
  return (
    <fieldset class="types">
      <legend>Edges shown</legend>
      {count(answer.edges.map(({ type }) => type)).map(([type, many]) => (
        <label key={type} class="option">
          <input type="checkbox" checked={!hidden.has(type)} onChange={() => toggle(type)} />
          <span>{type}</span>
          <span class="count">{whole(many)}</span>
        </label>
      ))}
    </fieldset>
  )
}
