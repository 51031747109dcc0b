/** GEXF 1.2 (gexf.net), the format of Gephi, with the extension for sizes and colours. Readers beside Gephi know 1.2 best. */
import type { ExportContent, ExportEdge, ExportNode } from './content.js'
import { colourOf, sizeOf } from './look.js'
import type { ExportFormat } from './part.js'
import { xml } from './xml.js'

type Column<T> = readonly [title: string, type: 'string' | 'double', value: (item: T) => string | number | null]

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))
const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

const nodeColumns: readonly Column<ExportNode>[] = [
  ['kind', 'string', ({ kind }) => kind],
  ['market', 'string', ({ market }) => market],
  ['at', 'string', ({ at }) => time(at)],
  ['attributes', 'string', ({ attributes }) => json(attributes)],
  ['rings', 'string', ({ memberships }) => memberships.map(({ ring }) => ring).join(' ')],
  ['role', 'string', ({ memberships }) => memberships[0]?.role ?? null],
  ['score', 'double', ({ memberships }) => memberships[0]?.score ?? null],
]

const edgeColumns: readonly Column<ExportEdge>[] = [
  ['interaction', 'string', ({ type }) => type],
  ['at', 'string', ({ at }) => time(at)],
  ['market', 'string', ({ market }) => market],
  ['scenario', 'string', ({ scenario }) => scenario],
  ['attributes', 'string', ({ attributes }) => json(attributes)],
  ['evidence', 'string', ({ evidence }) => evidence.join(' ')],
]

const declare = <T>(of: 'node' | 'edge', columns: readonly Column<T>[]): string =>
  `<attributes class="${of}" mode="static">\n${columns
    .map(([title, type], i) => `<attribute id="${i}" title="${title}" type="${type}"/>\n`)
    .join('')}</attributes>\n`

const values = <T>(columns: readonly Column<T>[], item: T): string => {
  let text = ''
  for (let i = 0; i < columns.length; i++) {
    const value = columns[i]![2](item)
    if (value === null || value === '') continue
    text += `<attvalue for="${i}" value="${typeof value === 'number' ? value : xml(value)}"/>`
  }
  return `<attvalues>${text}</attvalues>`
}

const nodeText = (node: ExportNode): string => {
  const { r, g, b } = colourOf(node)
  return `<node id="${xml(node.name)}" label="${xml(node.id)}">${values(nodeColumns, node)}<viz:color r="${r}" g="${g}" b="${b}"/><viz:size value="${sizeOf(node)}"/></node>\n`
}

const edgeText = (edge: ExportEdge): string =>
  `<edge id="${xml(`${edge.type}:${edge.id}`)}" source="${xml(`${edge.actor.kind}:${edge.actor.id}`)}" target="${xml(
    `${edge.target.kind}:${edge.target.id}`,
  )}" weight="${edge.weight}">${values(edgeColumns, edge)}</edge>\n`

const FILE = 'graph.gexf'

export const gexf: ExportFormat<ExportContent> = {
  name: 'gexf',
  title: 'GEXF',
  mediaType: 'application/gexf+xml',
  parts: [FILE],
  async write(content, destination) {
    const part = await destination.part(FILE)
    const { id, asOf } = content.scope.run
    await part.write(
      `<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://www.gexf.net/1.2draft" xmlns:viz="http://www.gexf.net/1.2draft/viz" version="1.2">\n<meta><creator>Ringfence</creator><description>${xml(
        `Run ${id}, ${asOf === null ? 'all data' : `as of ${time(asOf)}`}`,
      )}</description></meta>\n<graph mode="static" defaultedgetype="directed">\n${declare('node', nodeColumns)}${declare('edge', edgeColumns)}<nodes>\n`,
    )
    let inEdges = false
    const beginEdges = async (): Promise<void> => {
      if (inEdges) return
      inEdges = true
      await part.write('</nodes>\n<edges>\n')
    }
    await content.graph({
      nodes: (batch) => part.write(batch.map(nodeText).join('')),
      async edges(batch) {
        await beginEdges()
        await part.write(batch.map(edgeText).join(''))
      },
    })
    await beginEdges()
    await part.write('</edges>\n</graph>\n</gexf>\n')
    return [await part.finish()]
  },
}
