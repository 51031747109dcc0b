/** Trained models and what was done to them: small tables. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
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
import { inTransaction } from './connection.js'
import { checkFence } from './jobs.js'
import { numberOf, rows, text, textOrNull } from './sql.js'

const CHANGE_COLUMNS = 'c.model, c."at", c.who, c.why, c.action, c.from_state, c.to_state'

const changeOf = ([model, at, who, why, action, from, to]: readonly DuckDBValue[]): ModelChange => ({
  model: text(model),
  at: text(at),
  who: text(who),
  why: text(why),
  action: text(action) as ModelChange['action'],
  from: textOrNull(from) as ModelState | null,
  to: text(to) as ModelState,
})

const addChange = async (connection: DuckDBConnection, change: ModelChange): Promise<void> => {
  const { model, at, who, why, action, from, to } = change
  await connection.run(
    `INSERT INTO model_changes SELECT coalesce(max(place) + 1, 0), $1, $2, $3, $4, $5, $6, $7 FROM model_changes`,
    [model, at, who, why, action, from, to],
  )
}

/** `where` names columns of `models m`. */
const select = async (
  connection: DuckDBConnection,
  where: string,
  values: readonly DuckDBValue[] = [],
): Promise<readonly RegisteredModel[]> => {
  const found = await rows(
    connection,
    `SELECT m.record, m.state FROM models m WHERE ${where} ORDER BY m.trained_at DESC, m.id DESC`,
    values,
  )
  const changes = await rows(
    connection,
    `SELECT ${CHANGE_COLUMNS} FROM model_changes c JOIN models m ON m.id = c.model WHERE ${where} ORDER BY c.place`,
    values,
  )
  const all = changes.map(changeOf)
  return found.map(([record, state]) => {
    const model = JSON.parse(text(record)) as ModelRecord
    return { ...model, state: text(state) as ModelState, changes: all.filter((change) => change.model === model.id) }
  })
}

export const readModel = (connection: DuckDBConnection, id: string): Promise<RegisteredModel | null> =>
  inTransaction(connection, async () => (await select(connection, 'm.id = $1', [id]))[0] ?? null)

export const listModels = (connection: DuckDBConnection): Promise<readonly RegisteredModel[]> =>
  inTransaction(connection, () => select(connection, 'true'))

const CHAMPION = "m.type = $1 AND m.state = 'champion'"

export const readChampion = (connection: DuckDBConnection, type: string): Promise<RegisteredModel | null> =>
  inTransaction(connection, async () => (await select(connection, CHAMPION, [type]))[0] ?? null)

export const listModelChanges = async (connection: DuckDBConnection, type: string): Promise<readonly ModelChange[]> =>
  (
    await rows(
      connection,
      `SELECT ${CHANGE_COLUMNS} FROM model_changes c JOIN models m ON m.id = c.model WHERE m.type = $1 ORDER BY c.place`,
      [type],
    )
  ).map(changeOf)

export const addModel = (
  connection: DuckDBConnection,
  model: ModelRecord,
  { at, who, why }: ChangeNote,
  fence?: JobFence,
): Promise<RegisteredModel> =>
  inTransaction(connection, async () => {
    await checkFence(connection, fence)
    if ((await numberOf(connection, 'SELECT count(*) FROM models WHERE id = $1', [model.id])) === 0) {
      await connection.run("INSERT INTO models VALUES ($1, $2, 'candidate', $3, $4)", [
        model.id,
        model.type,
        model.trainedAt,
        JSON.stringify(model),
      ])
      await addChange(connection, { model: model.id, at, who, why, action: 'register', from: null, to: 'candidate' })
    }
    return (await select(connection, 'm.id = $1', [model.id]))[0]!
  })

const setState = async (
  connection: DuckDBConnection,
  model: RegisteredModel,
  change: ChampionChange,
  to: ModelState,
) => {
  const { at, who, why, action } = change
  await connection.run('UPDATE models SET state = $2 WHERE id = $1', [model.id, to])
  await addChange(connection, { model: model.id, at, who, why, action, from: model.state, to })
}

export const changeChampion = (connection: DuckDBConnection, change: ChampionChange): Promise<void> =>
  inTransaction(connection, async () => {
    const [wanted] = await select(connection, 'm.id = $1', [change.model])
    if (wanted === undefined)
      throw new RingfenceError('model.unknown', `no model has the id ${change.model}.`, { id: change.model })
    const [champion] = await select(connection, CHAMPION, [wanted.type])
    if ((champion?.id ?? null) !== change.instead || champion?.id === wanted.id)
      throw new RingfenceError('model.conflict', `the champion is ${champion?.id ?? 'none'} by now.`)
    if (champion) await setState(connection, champion, change, 'retired')
    await setState(connection, wanted, change, 'champion')
  })
