/**
 * A process of its own that loads a store and can be killed: `node duckdb-writer.js load PATH` writes a fixed sequence of batches and
 * prints how many were acknowledged and the number of statements so far, with `states` what the store then holds instead;
 * `load PATH N` kills itself before the statement with this number; `hold PATH [ADDRESS]` opens the store, says so and waits.
 */
import { DuckDBConnection } from '@duckdb/node-api'
import { entityKindNames, interactionTypeNames } from '#graph-schema/schema.js'
import { Random } from '#src/kernels/random.js'
import { claimOwner } from '#src/store/duckdb/owner.js'
import { openStore } from '#src/store/open.js'
import type { RecordBatch } from '#src/store/record-batch.js'
import { batchOf, type EntityInput, type InteractionInput } from './batches.js'
import { stateOf } from './store-state.js'

const loadBatches = 30
const batchRecords = 400

/** Interactions that come again, in other batches too, and with other content; entities with and without interactions. */
const writtenBatches = (): RecordBatch[] => {
  const random = new Random(7)
  const entity = (): string => `${entityKindNames[random.below(entityKindNames.length)]}:${random.below(4000)}`
  return Array.from({ length: loadBatches }, () => {
    const interactions = Array.from({ length: batchRecords }, (): InteractionInput => {
      const id = random.below(loadBatches * batchRecords * 2)
      const fixed = new Random(id)
      return {
        id: `i${id}`,
        type: interactionTypeNames[fixed.below(interactionTypeNames.length)]!,
        actor: `user:${fixed.below(3000)}`,
        target: `video:${fixed.below(500)}`,
        at: fixed.below(1_000_000),
        weight: random.below(50) === 0 ? 2 : 1,
      }
    })
    const entities = Array.from({ length: 40 }, (): EntityInput => ({ entity: entity(), at: random.below(1000) }))
    return batchOf(interactions, entities)
  })
}

/** Counts the statements of all connections. */
const countStatements = (killAt: number): (() => number) => {
  let statements = 0
  const { run } = DuckDBConnection.prototype
  DuckDBConnection.prototype.run = function (this: DuckDBConnection, ...statement) {
    if (++statements === killAt) process.kill(process.pid, 'SIGKILL')
    return run.apply(this, statement)
  }
  return () => statements
}

const load = async (path: string, option: string | undefined): Promise<void> => {
  const statements = countStatements(Number(option))
  const store = await openStore(path)
  process.stdout.write(`open ${statements()}\n`)
  let acknowledged = 0
  for (const batch of writtenBatches()) {
    await store.writeBatch(batch)
    acknowledged++
    const more = option === 'states' ? JSON.stringify(await stateOf(store)) : statements()
    process.stdout.write(`${acknowledged} ${more}\n`)
    if (acknowledged % 7 === 0) await store.checkpoint()
  }
  await store.close()
}

const hold = async (path: string, address: string | undefined): Promise<void> => {
  await openStore(path)
  if (address !== undefined) claimOwner(path, { address })
  process.stdout.write('open\n')
  setInterval(() => {}, 60_000)
}

const [action, path, option] = process.argv.slice(2)
if (action === 'load') await load(path!, option)
if (action === 'hold') await hold(path!, option)
