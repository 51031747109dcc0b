/** Batches of likes and views as a load hands them to a store: ids of 20 digits, accounts and videos with skewed activity. */
import { entityKinds, interactionTypes } from '#graph-schema/schema.js'
import { Random } from '#src/kernels/random.js'
import type { RecordBatch } from '#src/store/record-batch.js'

/** As many interactions as ingest puts in a batch. */
export const batchSize = 400_000

const encoder = new TextEncoder()

/** A fifth as many users and a tenth as many videos as interactions; the same seed gives the same batches. */
export function* syntheticBatches(count: number, seed = 1, size = batchSize): Generator<RecordBatch> {
  const random = new Random(seed)
  const users = Math.max(1, Math.floor(count / 5))
  const videos = Math.max(1, Math.floor(count / 10))
  const { user, video } = entityKinds
  const types = [interactionTypes.like.code, interactionTypes.view.code]
  const markets = ['', 'US', 'ID', 'BR']
  for (let from = 0; from < count; from += size) {
    const to = Math.min(count, from + size)
    const lines: string[] = []
    for (let i = from; i < to; i++) {
      const id = random.uint32().toString(16).padStart(8, '0') + i.toString(16).padStart(12, '0')
      const actor = Math.floor(random.float() * users)
      const target = Math.floor(random.float() * random.float() * videos)
      const at = 1_700_000_000_000 + Math.floor(random.float() * 30 * 86_400_000)
      lines.push(
        `${i + 1}\t${types[i & 1]}\t${id}\t${user.code}\tuser_${actor}\t${video.code}\tvideo_${target}\t${at}\t${markets[i & 3]}\t0\t1\t\n`,
      )
    }
    yield {
      interactions: encoder.encode(lines.join('')),
      interactionCount: to - from,
      entities: new Uint8Array(0),
      entityCount: 0,
    }
  }
}
