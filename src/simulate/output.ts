/** A simulation as files that `ringfence ingest` reads, with the truth beside them, or as batches for a store. */
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type EntityKind, entityKinds } from '../../graph-schema/schema.js'
import type { RecordBatch } from '../store/record-batch.js'
import { Encoder, NATIVE_HEADER } from './encode.js'
import type { Simulation } from './simulate.js'

/** Interactions in one record batch, about. */
const BATCH = 100_000

const recorded: readonly EntityKind[] = ['creator', 'product']
const nothing = new Uint8Array(0)

/** Creators and products have a record of their own, with their market and a fact; all others are known by what they do. */
function* entityLines(simulation: Simulation, form: 'csv' | 'batch'): Generator<string> {
  const { world, names } = simulation
  let line = 0
  for (const kind of recorded) {
    const market = kind === 'creator' ? world.creators.market : world.products.market
    for (let index = 0; index < market.length; index++) {
      const id = names.id(kind, index)
      const own = world.markets[market[index]!]!
      const attributes =
        kind === 'creator'
          ? `{"topic":"topic-${world.creators.topic[index]! + 1}"}`
          : `{"price":${world.products.price[index]! / 100}}`
      line++
      yield form === 'csv'
        ? `${kind},${id},${new Date(world.backlog).toISOString()},${own},"${attributes.replaceAll('"', '""')}"\n`
        : `${line}\t${entityKinds[kind].code}\t${id}\t${world.backlog}\t${own}\t${attributes}\n`
    }
  }
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** All records, in batches of about 100 000 interactions in order of time; the entities come first. Can be run through once. */
export function* recordBatches(simulation: Simulation): Generator<RecordBatch> {
  const entities = [...entityLines(simulation, 'batch')]
  yield {
    interactions: nothing,
    interactionCount: 0,
    entities: new TextEncoder().encode(entities.join('')),
    entityCount: entities.length,
  }
  const encoder = new Encoder(simulation.world, simulation.names)
  let parts: Uint8Array[] = []
  let from = 0
  const flush = (): RecordBatch => {
    const batch = {
      interactions: joined(parts),
      interactionCount: encoder.written - from,
      entities: nothing,
      entityCount: 0,
    }
    parts = []
    from = encoder.written
    return batch
  }
  for (const hour of simulation.hours()) {
    parts.push(encoder.batchLines(hour).slice())
    if (encoder.written - from >= BATCH) yield flush()
  }
  if (parts.length > 0) yield flush()
}

/** `ring,entity,kind,role,behaviour,difficulty`: what was planted, as the rings command lists what was found. */
export const truthCsv = ({ rings, names }: Simulation): string => {
  const rows = rings.flatMap(({ id, behaviour, difficulty, members }) =>
    members.map(
      ({ kind, index, role }) => `${id},${names.name(kind, index)},${kind},${role},${behaviour},${difficulty}\n`,
    ),
  )
  return `ring,entity,kind,role,behaviour,difficulty\n${rows.join('')}`
}

/** `group,entity,kind,story`: who looks organized and is not. */
export const innocentsCsv = ({ innocents, names }: Simulation): string => {
  const rows = innocents.flatMap(({ id, story, members }) =>
    members.map(({ kind, index }) => `${id},${names.name(kind, index)},${kind},${story}\n`),
  )
  return `group,entity,kind,story\n${rows.join('')}`
}

export interface SimulationFiles {
  readonly interactions: string
  readonly entities: string
  readonly truth: string
  readonly innocents: string
}

/** The names of the files under `directory`. */
export const simulationFiles = (directory: string): SimulationFiles => ({
  interactions: join(directory, 'interactions.csv'),
  entities: join(directory, 'entities.csv'),
  truth: join(directory, 'truth.csv'),
  innocents: join(directory, 'innocents.csv'),
})

/** Small hours are joined to writes of about this many bytes. */
const WRITE_BYTES = 1 << 20

function* csvChunks(
  simulation: Simulation,
  signal: AbortSignal | undefined,
  progress: ((written: number) => void) | undefined,
): Generator<Uint8Array> {
  const encoder = new Encoder(simulation.world, simulation.names)
  let parts: Uint8Array[] = [new TextEncoder().encode(NATIVE_HEADER)]
  let bytes = 0
  for (const hour of simulation.hours()) {
    signal?.throwIfAborted()
    parts.push(encoder.csv(hour).slice())
    bytes += parts[parts.length - 1]!.length
    if (bytes < WRITE_BYTES) continue
    yield joined(parts)
    progress?.(encoder.written)
    parts = []
    bytes = 0
  }
  yield joined(parts)
  progress?.(encoder.written)
}

/** Writes the four files, each from the start; a signal stops between hours and leaves the files as far as they came. */
export const writeSimulation = async (
  simulation: Simulation,
  directory: string,
  options: { readonly signal?: AbortSignal; readonly progress?: (written: number) => void } = {},
): Promise<SimulationFiles> => {
  const files = simulationFiles(directory)
  await mkdir(directory, { recursive: true })
  await writeFile(files.truth, truthCsv(simulation))
  await writeFile(files.innocents, innocentsCsv(simulation))
  await writeFile(files.entities, `kind,id,at,market,attributes\n${[...entityLines(simulation, 'csv')].join('')}`)
  await pipeline(
    Readable.from(csvChunks(simulation, options.signal, options.progress), { objectMode: true, highWaterMark: 2 }),
    createWriteStream(files.interactions),
    { signal: options.signal },
  )
  return files
}
