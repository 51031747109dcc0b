import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Reject } from '#src/errors.js'
import { type IngestOptions, type IngestResult, ingest, type Source } from '#src/ingest/ingest.js'
import { parseMapping } from '#src/ingest/mapping.js'
import type { BatchResult, Conflict, RecordBatch } from '#src/store/record-batch.js'

const linesOf = (bytes: Uint8Array): string[] => Buffer.from(bytes).toString('utf8').split('\n').slice(0, -1)

/** The first two fields behind the line's number, and all that follows them. */
const takeApart = (text: string): readonly [line: string, first: string, second: string, content: string] => {
  const one = text.indexOf('\t')
  const two = text.indexOf('\t', one + 1)
  const three = text.indexOf('\t', two + 1)
  return [text.slice(0, one), text.slice(one + 1, two), text.slice(two + 1, three), text.slice(three + 1)]
}

/** A store in memory with the port's rules for batches: first content stays, the same again is a duplicate, else a conflict. */
export class MemorySink {
  /** Content by `type:id`, the line left out. */
  readonly interactions = new Map<string, string>()
  readonly entityRecords = new Map<string, string>()
  readonly entities = new Set<string>()
  readonly batchSizes: number[] = []
  checkpoints = 0

  async writeBatch(batch: RecordBatch): Promise<BatchResult> {
    let accepted = 0
    let duplicates = 0
    const conflicts: Conflict[] = []
    const before = this.entities.size
    this.batchSizes.push(batch.interactionCount + batch.entityCount)
    for (const text of linesOf(batch.interactions)) {
      const [line, type, id, content] = takeApart(text)
      const key = `${type}:${id}`
      const known = this.interactions.get(key)
      if (known === undefined) {
        const [actorKind, actor, targetKind, target] = content.split('\t', 4)
        this.interactions.set(key, content)
        this.entities.add(`${actorKind}:${actor}`)
        this.entities.add(`${targetKind}:${target}`)
        accepted++
      } else if (known === content) duplicates++
      else conflicts.push({ line: Number(line), type, id })
    }
    for (const text of linesOf(batch.entities)) {
      const [, kind, id, content] = takeApart(text)
      this.entities.add(`${kind}:${id}`)
      this.entityRecords.set(`${kind}:${id}`, content)
    }
    return { accepted, duplicates, conflicts, entities: this.entities.size - before }
  }

  async checkpoint(): Promise<void> {
    this.checkpoints++
  }

  /** `type id actor-kind actor target-kind target at market scenario weight attributes`, split, in order of arrival. */
  rows(): string[][] {
    return [...this.interactions].map(([key, content]) => {
      const colon = key.indexOf(':')
      return [key.slice(0, colon), key.slice(colon + 1), ...content.split('\t')]
    })
  }
}

export interface Loaded extends IngestResult {
  readonly sink: MemorySink
  readonly rejects: readonly Reject[]
}

/** A folder that is removed by `dispose`, and a load of files in it. */
export class Workbench {
  readonly folder = mkdtempSync(join(tmpdir(), 'ringfence-test-'))

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content)
    return this.path(name)
  }

  async load(
    sources: Source | readonly Source[],
    mapping: string | null = null,
    options: Partial<IngestOptions> & { readonly sink?: MemorySink } = {},
  ): Promise<Loaded> {
    const sink = options.sink ?? new MemorySink()
    const result = await ingest(Array.isArray(sources) ? sources : [sources as Source], {
      mapping: mapping === null ? null : parseMapping(mapping, 'test.yaml'),
      rejectsPath: this.path('rejected.ndjson'),
      maxRejects: { percent: 100 },
      ...options,
      sink,
    })
    const rejects =
      result.rejectsFile === null
        ? []
        : readFileSync(result.rejectsFile, 'utf8')
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line) as Reject)
    return { ...result, sink, rejects }
  }

  /** The load of one file with this content. */
  async text(
    name: string,
    content: string | Uint8Array,
    mapping: string | null = null,
    options: Partial<IngestOptions> & { readonly sink?: MemorySink } = {},
  ): Promise<Loaded> {
    return this.load(this.write(name, content), mapping, options)
  }
}
