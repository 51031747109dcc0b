/** Batches of validated records to a running service, as native NDJSON; what it says of a record comes back with the record's line. */
import { entityKindByCode, interactionTypeByCode, scenarioByCode } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import type { BatchResult, Conflict, RecordBatch } from '../../store/record-batch.js'
import type { ServiceClient } from './client.js'

interface Answer {
  readonly accepted: number
  readonly duplicates: number
  readonly entities: number
  readonly errors: readonly {
    readonly index: number
    readonly field: string
    readonly code: string
    readonly message: string
  }[]
}

const decoder = new TextDecoder()

const linesOf = (bytes: Uint8Array): string[][] => {
  const text = decoder.decode(bytes)
  return text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => line.split('\t'))
}

const ref = (kind: string, id: string): string => `${entityKindByCode[Number(kind)]}:${id}`
const timeOf = (at: string): string | undefined => (at === '' ? undefined : new Date(Number(at)).toISOString())

/** The record as one line. Attributes are JSON already and go as they are: parsing would round large numbers. */
const jsonLine = (record: Readonly<Record<string, unknown>>, attributes: string): string => {
  const line = JSON.stringify(record)
  return attributes === '' ? line : `${line.slice(0, -1)},"attributes":${attributes}}`
}

/** In the order of INTERACTION_COLUMNS. */
const interactionLine = (cells: readonly string[]): string => {
  const [, type, id, actorKind, actor, targetKind, target, at, market, scenario, weight, attributes] = cells as [
    string, string, string, string, string, string, string, string, string, string, string, string,
  ] // biome-ignore format: one tuple
  return jsonLine(
    {
      id,
      type: interactionTypeByCode[Number(type)],
      actor: ref(actorKind, actor),
      target: ref(targetKind, target),
      at: timeOf(at),
      market: market === '' ? undefined : market,
      scenario: scenarioByCode[Number(scenario)],
      weight: Number(weight),
    },
    attributes,
  )
}

/** In the order of ENTITY_COLUMNS. */
const entityLine = (cells: readonly string[]): string => {
  const [, kind, id, at, market, attributes] = cells as [string, string, string, string, string, string]
  return jsonLine(
    {
      kind: entityKindByCode[Number(kind)],
      id,
      at: timeOf(at),
      market: market === '' ? undefined : market,
    },
    attributes,
  )
}

export class ServiceSink {
  readonly #client: ServiceClient

  constructor(client: ServiceClient) {
    this.#client = client
  }

  async writeBatch(batch: RecordBatch): Promise<BatchResult> {
    const interactions = linesOf(batch.interactions)
    const entities = linesOf(batch.entities)
    // A batch under way is finished and counted when the command is stopped, as with a store.
    const post = async (path: string, rows: string[][], line: (cells: readonly string[]) => string): Promise<Answer> =>
      rows.length === 0
        ? { accepted: 0, duplicates: 0, entities: 0, errors: [] }
        : ((await this.#client.json(path, {
            method: 'POST',
            type: 'application/x-ndjson',
            body: `${rows.map(line).join('\n')}\n`,
            signal: null,
          })) as Answer)
    const recorded = await post('/v1/entities', entities, entityLine)
    const written = await post('/v1/interactions', interactions, interactionLine)
    const conflicts = written.errors.map(({ index, field, code, message }): Conflict => {
      const cells = interactions[index]
      if (code !== 'interaction.conflict' || cells === undefined)
        throw new RingfenceError(
          'request.invalid',
          `the service at ${this.#client.address} refuses what this version takes for good: ${field}, ${code}: ${message}`,
        )
      return { line: Number(cells[0]), type: interactionTypeByCode[Number(cells[1])]!, id: cells[2]! }
    })
    if (recorded.errors.length > 0)
      throw new RingfenceError(
        'request.invalid',
        `the service at ${this.#client.address} refuses an entity: ${recorded.errors[0]!.message}`,
      )
    return {
      accepted: written.accepted,
      duplicates: written.duplicates,
      conflicts,
      entities: written.entities + recorded.entities,
    }
  }

  /** The service keeps what it acknowledged. */
  async checkpoint(): Promise<void> {}
}
