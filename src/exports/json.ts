/** All of an export as one JSON object, written as it is read: rings with facts, life and what speaks against, then nodes, then edges. */
import type { RingRecord } from '../store/store.js'
import { speaksAgainst } from './against.js'
import type { EvidenceRow, ExportContent, ExportEdge, ExportNode } from './content.js'
import type { ExportFormat } from './part.js'

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
const nameOf = ({ kind, id }: { readonly kind: string; readonly id: string }): string => `${kind}:${id}`

const nodeObject = ({ name, kind, at, market, attributes, memberships }: ExportNode) => ({
  entity: name,
  kind,
  at: time(at),
  market,
  attributes,
  memberships,
})

const edgeObject = (edge: ExportEdge) => ({
  type: edge.type,
  id: edge.id,
  actor: nameOf(edge.actor),
  target: nameOf(edge.target),
  at: time(edge.at),
  market: edge.market,
  scenario: edge.scenario,
  weight: edge.weight,
  attributes: edge.attributes,
  evidence: edge.evidence,
})

const ringObject = (ring: RingRecord, rows: readonly EvidenceRow[]) => ({
  ...ring,
  window: ring.window && { from: time(ring.window.from), to: time(ring.window.to) },
  members: ring.members.map((member) => ({
    entity: nameOf(member),
    kind: member.kind,
    role: member.role,
    score: member.score,
  })),
  facts: ring.facts.map((fact, place) => ({
    ...fact,
    interactions: rows
      .filter((row) => row.fact === place + 1)
      .map(({ type, id, record }) => ({ type, id, ...(record ? { at: time(record.at) } : { lost: true }) })),
  })),
})

const FILE = 'export.json'

export const json: ExportFormat<ExportContent> = {
  name: 'json',
  title: 'JSON',
  mediaType: 'application/json',
  parts: [FILE],
  async write(content, destination) {
    const part = await destination.part(FILE)
    const { run } = content.scope
    await part.write(
      `{"run":${JSON.stringify({ ...run, asOf: time(run.asOf) })},\n"masked":${content.names.masked},\n"rings":[`,
    )
    let separator = '\n'
    const add = async (object: unknown): Promise<void> => {
      await part.write(`${separator}${JSON.stringify(object)}`)
      separator = ',\n'
    }
    await content.eachRing(async ({ ring, rows }) => {
      const history = await content.history(ring.id)
      await add({ ...ringObject(ring, rows), against: speaksAgainst(ring, run, history), history })
    })
    separator = '\n'
    await part.write('],\n"nodes":[')
    let inEdges = false
    const beginEdges = async (): Promise<void> => {
      if (inEdges) return
      inEdges = true
      separator = '\n'
      await part.write('],\n"edges":[')
    }
    const addAll = async (objects: readonly unknown[]): Promise<void> => {
      if (objects.length === 0) return
      await part.write(separator + objects.map((object) => JSON.stringify(object)).join(',\n'))
      separator = ',\n'
    }
    await content.graph({
      nodes: (batch) => addAll(batch.map(nodeObject)),
      async edges(batch) {
        await beginEdges()
        await addAll(batch.map(edgeObject))
      },
    })
    await beginEdges()
    await part.write('],\n"complete":true}\n')
    return [await part.finish()]
  },
}
