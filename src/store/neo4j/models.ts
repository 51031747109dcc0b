/**
 * Trained models and what was done to them: (:ModelChange)-[:CHANGED]->(:Model). A change of champion locks the (:RingfenceModelType) first,
 * so that of two at once the second sees the first.
 */
import { RingfenceError } from '../../errors.js'
import type { JobFence } from '../job-record.js'
import type {
  ChampionChange,
  ChangeNote,
  ModelChange,
  ModelRecord,
  ModelState,
  RegisteredModel,
} from '../model-store.js'
import { type Connection, inRead, inWrite, rows, type Transaction } from './connection.js'
import { checkFence } from './jobs.js'
import { nextInSequence } from './sequence.js'

type Where = '{id: $id}' | '{type: $type}' | "{type: $type, state: 'champion'}" | ''

const changesOf = async (
  tx: Transaction,
  where: Where,
  parameters: Readonly<Record<string, unknown>>,
): Promise<readonly ModelChange[]> =>
  rows<ModelChange & Record<string, unknown>>(
    tx,
    `MATCH (m:Model ${where})<-[:CHANGED]-(c:ModelChange) WITH m, c ORDER BY c.place
      RETURN m.id AS model, c.at AS at, c.who AS who, c.why AS why, c.action AS action, c.from AS from, c.to AS to`,
    parameters,
  )

const select = async (
  tx: Transaction,
  where: Where,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<readonly RegisteredModel[]> => {
  const found = await rows<{ record: string; state: ModelState }>(
    tx,
    `MATCH (m:Model ${where}) RETURN m.record AS record, m.state AS state ORDER BY m.trainedAt DESC, m.id DESC`,
    parameters,
  )
  const all = await changesOf(tx, where, parameters)
  return found.map(({ record, state }) => {
    const model = JSON.parse(record) as ModelRecord
    return { ...model, state, changes: all.filter((change) => change.model === model.id) }
  })
}

const championOf = async (tx: Transaction, type: string): Promise<RegisteredModel | null> =>
  (await select(tx, "{type: $type, state: 'champion'}", { type }))[0] ?? null

const modelOf = async (tx: Transaction, id: string): Promise<RegisteredModel | null> =>
  (await select(tx, '{id: $id}', { id }))[0] ?? null

export const readModel = (connection: Connection, id: string): Promise<RegisteredModel | null> =>
  inRead(connection, (tx) => modelOf(tx, id))

export const listModels = (connection: Connection): Promise<readonly RegisteredModel[]> =>
  inRead(connection, (tx) => select(tx, ''))

export const readChampion = (connection: Connection, type: string): Promise<RegisteredModel | null> =>
  inRead(connection, (tx) => championOf(tx, type))

export const listModelChanges = (connection: Connection, type: string): Promise<readonly ModelChange[]> =>
  inRead(connection, (tx) => changesOf(tx, '{type: $type}', { type }))

const addChange = async (tx: Transaction, { model, ...change }: ModelChange): Promise<void> => {
  const place = await nextInSequence(tx, 'model-change')
  await tx.run(
    `MATCH (m:Model {id: $model}) SET m.state = $change.to
      CREATE (c:ModelChange {place: toInteger($place)})-[:CHANGED]->(m) SET c += $change`,
    { model, place, change },
  )
}

const lockType = (tx: Transaction, name: string) =>
  tx.run('MERGE (t:RingfenceModelType {name: $name}) SET t.name = $name', { name })

export const addModel = (
  connection: Connection,
  model: ModelRecord,
  { at, who, why }: ChangeNote,
  fence?: JobFence,
): Promise<RegisteredModel> =>
  inWrite(connection, async (tx) => {
    await checkFence(tx, fence)
    await lockType(tx, model.type)
    const known = await modelOf(tx, model.id)
    if (known !== null) return known
    const { id, type, folder, digest, trainedAt, version } = model
    await tx.run('CREATE (m:Model) SET m = $properties', {
      properties: { id, type, folder, digest, trainedAt, version, state: 'candidate', record: JSON.stringify(model) },
    })
    await addChange(tx, { model: id, at, who, why, action: 'register', from: null, to: 'candidate' })
    return (await modelOf(tx, id))!
  })

export const changeChampion = (connection: Connection, change: ChampionChange): Promise<void> =>
  inWrite(connection, async (tx) => {
    const { model, instead, at, who, why, action } = change
    const found = await modelOf(tx, model)
    if (found === null) throw new RingfenceError('model.unknown', `no model has the id ${model}.`, { id: model })
    await lockType(tx, found.type)
    const champion = await championOf(tx, found.type)
    if ((champion?.id ?? null) !== instead || champion?.id === model)
      throw new RingfenceError('model.conflict', `the champion is ${champion?.id ?? 'none'} by now.`)
    const wanted = (await modelOf(tx, model))!
    const note = { at, who, why, action }
    if (champion) await addChange(tx, { model: champion.id, ...note, from: 'champion', to: 'retired' })
    await addChange(tx, { model, ...note, from: wanted.state, to: 'champion' })
  })
