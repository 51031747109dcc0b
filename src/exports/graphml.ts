/** GraphML (Brandes, Eiglsperger, Lerner 2002, graphml.graphdrawing.org), with the names of attributes that Gephi takes for sizes and colours. */
import type { ExportContent, ExportEdge, ExportNode } from './content.js'
import { colourOf, sizeOf } from './look.js'
import type { ExportFormat } from './part.js'
import { xml } from './xml.js'

const nodeKeys = [
  ['label', 'string'],
  ['kind', 'string'],
  ['market', 'string'],
  ['at', 'string'],
  ['attributes', 'string'],
  ['rings', 'string'],
  ['role', 'string'],
  ['score', 'double'],
  ['r', 'int'],
  ['g', 'int'],
  ['b', 'int'],
  ['size', 'double'],
] as const

const edgeKeys = [
  ['interaction', 'string'],
  ['at', 'string'],
  ['market', 'string'],
  ['scenario', 'string'],
  ['weight', 'double'],
  ['attributes', 'string'],
  ['evidence', 'string'],
] as const

const data = (key: string, value: string | number | null | undefined): string =>
  value === null || value === undefined || value === ''
    ? ''
    : `<data key="${key}">${typeof value === 'number' ? value : xml(value)}</data>`

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))
const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

const nodeText = (node: ExportNode): string => {
  const { r, g, b } = colourOf(node)
  const [first] = node.memberships
  return `<node id="${xml(node.name)}">${data('label', node.id)}${data('kind', node.kind)}${data('market', node.market)}${data(
    'at',
    time(node.at),
  )}${data('attributes', json(node.attributes))}${data('rings', node.memberships.map(({ ring }) => ring).join(' '))}${data(
    'role',
    first?.role,
  )}${data('score', first?.score)}${data('r', r)}${data('g', g)}${data('b', b)}${data('size', sizeOf(node))}</node>\n`
}

const edgeText = (edge: ExportEdge): string =>
  `<edge id="${xml(`${edge.type}:${edge.id}`)}" source="${xml(`${edge.actor.kind}:${edge.actor.id}`)}" target="${xml(
    `${edge.target.kind}:${edge.target.id}`,
  )}">${data('interaction', edge.type)}${data('e-at', time(edge.at))}${data('e-market', edge.market)}${data(
    'scenario',
    edge.scenario,
  )}${data('weight', edge.weight)}${data('e-attributes', json(edge.attributes))}${data(
    'evidence',
    edge.evidence.join(' '),
  )}</edge>\n`

const nodeNames: ReadonlySet<string> = new Set(nodeKeys.map(([name]) => name))
const key = (name: string, type: string, of: 'node' | 'edge'): string =>
  `<key id="${of === 'edge' && nodeNames.has(name) ? `e-${name}` : name}" for="${of}" attr.name="${name}" attr.type="${type}"/>\n`

const FILE = 'graph.graphml'

export const graphml: ExportFormat<ExportContent> = {
  name: 'graphml',
  title: 'GraphML',
  mediaType: 'application/graphml+xml',
  parts: [FILE],
  async write(content, destination) {
    const part = await destination.part(FILE)
    const { id, asOf } = content.scope.run
    await part.write(
      `<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n${nodeKeys
        .map(([name, type]) => key(name, type, 'node'))
        .join('')}${edgeKeys.map(([name, type]) => key(name, type, 'edge')).join('')}${[
        ['run', id],
        ['asOf', time(asOf)],
      ]
        .map(([name]) => `<key id="${name}" for="graph" attr.name="${name}" attr.type="string"/>\n`)
        .join('')}<graph edgedefault="directed">\n${data('run', id)}${data('asOf', time(asOf))}\n`,
    )
    await content.graph({
      nodes: (batch) => part.write(batch.map(nodeText).join('')),
      edges: (batch) => part.write(batch.map(edgeText).join('')),
    })
    await part.write('</graph>\n</graphml>\n')
    return [await part.finish()]
  },
}
