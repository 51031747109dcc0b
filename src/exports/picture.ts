/**
 * A ring as a picture (SVG): members and what its evidence touches, lines for the interactions that are kept as evidence. Laid out by
 * ForceAtlas2 (Jacomy et al. 2014, doi:10.1371/journal.pone.0098679) from a circle, with no chance in it, so that the same ring is the same
 * picture.
 */
import graphology from 'graphology'
import forceAtlas2Module from 'graphology-layout-forceatlas2'
import { type EntityKind, entityKind } from '../../graph-schema/schema.js'
import type { EntityRef, RingRecord } from '../store/store.js'
import type { EvidenceRow } from './content.js'
import { colourText } from './look.js'
import { xml } from './xml.js'

// Types for bundlers; Node.js gives the function itself.
const forceAtlas2 = forceAtlas2Module as unknown as typeof forceAtlas2Module.default

const WIDTH = 760
const HEIGHT = 520
const MARGIN = 24
/** More than an eye can tell apart on a page, and enough for all but large rings. */
const MOST_NODES = 240
/** Names are legible up to about so many. */
const MOST_NAMES = 40
const NAME_LENGTH = 24
/** Enough to settle, and under a second at the most nodes. */
const ITERATIONS = 300

export interface Picture {
  readonly svg: string
  readonly drawn: number
  readonly all: number
}

interface Drawn {
  readonly entity: EntityRef
  readonly role: string | undefined
  readonly score: number
  lines: number
}

const nameOf = ({ kind, id }: EntityRef): string => `${kind}:${id}`

const gather = (ring: RingRecord, rows: readonly EvidenceRow[]) => {
  const nodes = new Map<string, Drawn>()
  for (const { kind, id, role, score } of ring.members)
    nodes.set(nameOf({ kind, id }), { entity: { kind, id }, role, score, lines: 0 })
  const lines = new Map<string, readonly [string, string]>()
  for (const { record } of rows) {
    if (!record) continue
    const ends = [record.actor, record.target].map((end) => {
      const name = nameOf(end)
      if (!nodes.has(name)) nodes.set(name, { entity: end, role: undefined, score: 0, lines: 0 })
      return name
    }) as [string, string]
    if (ends[0] === ends[1]) continue
    const key = ends[0] < ends[1] ? ends.join('\n') : `${ends[1]}\n${ends[0]}`
    if (lines.has(key)) continue
    lines.set(key, ends)
    for (const end of ends) nodes.get(end)!.lines++
  }
  return { nodes, lines }
}

const short = (text: string): string => {
  const characters = [...text]
  return characters.length > NAME_LENGTH ? `${characters.slice(0, NAME_LENGTH - 1).join('')}…` : text
}

const shape = (kind: EntityKind, x: string, y: string, size: number, colour: string, title: string): string => {
  const look = `fill="${colour}" stroke="#222" stroke-width="0.6"`
  const content = `<title>${xml(title)}</title>`
  if (entityKind(kind).identifier)
    return `<path d="M${x} ${y}m0 -${size}l${size} ${size}l-${size} ${size}l-${size} -${size}z" ${look}>${content}</path>`
  if (kind === 'video' || kind === 'product')
    return `<rect x="${(Number(x) - size).toFixed(1)}" y="${(Number(y) - size).toFixed(1)}" width="${2 * size}" height="${2 * size}" ${look}>${content}</rect>`
  return `<circle cx="${x}" cy="${y}" r="${size}" ${look}>${content}</circle>`
}

export const drawRing = (ring: RingRecord, rows: readonly EvidenceRow[]): Picture => {
  const { nodes, lines } = gather(ring, rows)
  const chosen = [...nodes]
    .sort(([a, x], [b, y]) => y.score - x.score || y.lines - x.lines || (a < b ? -1 : 1))
    .slice(0, MOST_NODES)
  const graph = new graphology.UndirectedGraph()
  chosen.forEach(([name], i) => {
    const angle = (2 * Math.PI * i) / chosen.length
    graph.addNode(name, { x: Math.cos(angle), y: Math.sin(angle) })
  })
  for (const [a, b] of lines.values()) if (graph.hasNode(a) && graph.hasNode(b)) graph.addEdge(a, b)
  if (graph.order > 1) forceAtlas2.assign(graph, { iterations: ITERATIONS, settings: forceAtlas2.inferSettings(graph) })
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity]
  graph.forEachNode((_, { x, y }) => {
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  })
  const across = (x: number): string => (MARGIN + ((x - left) / (right - left || 1)) * (WIDTH - 2 * MARGIN)).toFixed(1)
  const down = (y: number): string => (MARGIN + ((y - top) / (bottom - top || 1)) * (HEIGHT - 2 * MARGIN)).toFixed(1)
  const place = (name: string) => {
    const { x, y } = graph.getNodeAttributes(name) as { x: number; y: number }
    return { x: across(x), y: down(y) }
  }
  const edges: string[] = []
  graph.forEachEdge((_, __, a, b) => {
    const from = place(a)
    const to = place(b)
    edges.push(`<line x1="${from.x}" y1="${from.y}" x2="${to.x}" y2="${to.y}"/>`)
  })
  const shapes: string[] = []
  const names: string[] = []
  for (const [name, { entity, role, score }] of chosen) {
    const { x, y } = place(name)
    const size = role === undefined ? 4 : Math.round(5 + 5 * score)
    shapes.push(
      shape(entity.kind, x, y, size, colourText(entity.kind, role), role === undefined ? name : `${name} (${role})`),
    )
    if (chosen.length <= MOST_NAMES)
      names.push(`<text x="${x}" y="${(Number(y) - size - 3).toFixed(1)}">${xml(short(entity.id))}</text>`)
  }
  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Picture of the ring"><g stroke="#888" stroke-opacity="0.45" stroke-width="0.8">${edges.join('')}</g><g>${shapes.join('')}</g><g font-size="10" text-anchor="middle" fill="#222">${names.join('')}</g></svg>`,
    drawn: chosen.length,
    all: nodes.size,
  }
}
