/** The picture as a graph with places, sizes and times; colours come when it is drawn. */
import { MultiGraph } from 'graphology'
import type { RingGraph } from '../api/shapes.js'
import { counted, whole } from '../lib/words.js'
import { type PictureGraph, shapes } from './fields.js'
import { shapeOf } from './look.js'

const LABEL = 22

const labelOf = (name: string): string => {
  const id = [...name.slice(name.indexOf(':') + 1)]
  return id.length > LABEL ? `${id.slice(0, LABEL - 1).join('')}…` : id.join('')
}

/** Turns by the golden angle: an even disc, the first in the middle. */
const GOLDEN = Math.PI * (3 - Math.sqrt(5))
const placeOf = (index: number) => ({
  x: Math.sqrt(index) * Math.cos(index * GOLDEN),
  y: Math.sqrt(index) * Math.sin(index * GOLDEN),
})

const sizeOf = (score: number | null, isIdentifier: boolean, crowd: number): number =>
  (score === null ? (isIdentifier ? 7 : 4.5) : 6 + 4 * score) * (crowd > 1500 ? 0.6 : crowd > 400 ? 0.75 : 1)

export const buildGraph = ({ nodes, edges, folded }: RingGraph): PictureGraph => {
  const graph: PictureGraph = new MultiGraph()
  nodes.forEach((node, position) => {
    graph.addNode(node.entity, {
      ...placeOf(position),
      size: sizeOf(node.score, shapeOf(node.kind) === 'diamond', nodes.length),
      label: labelOf(node.entity),
      kind: node.kind,
      role: node.role,
      shape: shapes[shapeOf(node.kind)],
      folded: 0,
      position,
    })
  })
  for (const { source, target, type, count, first, facts } of edges)
    graph.addEdge(nodes[source]!.entity, nodes[target]!.entity, {
      size: Math.min(3, 0.6 + Math.log10(count)),
      kind: type,
      count,
      first: first === null ? null : Date.parse(first),
      facts,
    })
  folded.forEach((fold, index) => {
    const name = `folded:${fold.kind}`
    graph.addNode(name, {
      ...placeOf(nodes.length + index),
      size: 9,
      label: `${counted(fold.places, `crowded ${fold.kind}`)}`,
      kind: fold.kind,
      role: null,
      shape: shapes.fold,
      folded: fold.places,
      position: -1,
    })
    for (const { node, places } of fold.links)
      graph.addEdge(nodes[node]!.entity, name, { size: 0.6, kind: 'folded', count: places, first: null, facts: [] })
  })
  return graph
}

/** First and last known time of its edges; null where none is known. */
export const timesOf = ({ edges }: RingGraph): { readonly from: number; readonly to: number } | null => {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const { first } of edges) {
    if (first === null) continue
    const at = Date.parse(first)
    from = Math.min(from, at)
    to = Math.max(to, at)
  }
  return from < to ? { from, to } : null
}

/** What is not in the picture, in words: empty where all is. */
export const notShown = ({ leftOut, folded }: RingGraph): readonly string[] => {
  const parts: string[] = []
  if (leftOut.members > 0) parts.push(`${counted(leftOut.members, 'member')} of least strength`)
  if (leftOut.evidence > 0) parts.push(`${counted(leftOut.evidence, 'end')} of evidence`)
  if (leftOut.places > 0) parts.push(`${counted(leftOut.places, 'shared place')}`)
  if (leftOut.neighbours > 0) parts.push(`${counted(leftOut.neighbours, 'neighbour')} of what was expanded`)
  if (leftOut.unread > 0)
    parts.push(`interactions of ${counted(leftOut.unread, 'entity', 'entities')} with too many to look through`)
  for (const { kind, places } of folded)
    parts.push(`${whole(places)} crowded ${kind}${places === 1 ? '' : 's'}, folded into one node`)
  return parts
}
