/** Which run queries see, as jobs: `publish` and `rollback`. */
import { Type } from 'typebox'
import type { JobContext, JobKind, PreparedJob } from '../job-kind.js'
import { type Publication, publish, publishedRun, rollBack } from '../publication.js'

const nothing = (parameters: Readonly<Record<string, unknown>>): PreparedJob => ({
  parameters,
  estimate: { seconds: 1, megabytes: 0 },
  memoryLimitMb: 1,
})

const swap = async (context: JobContext, choose: () => Promise<Publication>) => {
  const { store, current, mode } = context
  if (mode === 'dry-run') return { before: await publishedRun(store) }
  const { run, before } = await choose()
  await current.load()
  return { run, before }
}

export const publishJob: JobKind = {
  type: 'publish',
  parameters: Type.Object(
    { run: Type.Optional(Type.String({ maxLength: 64, description: 'Default: the latest one.' })) },
    { additionalProperties: false },
  ),
  prepare: async (_store, given) => nothing(given),
  perform: (context) =>
    swap(context, () => publish(context.store, (context.parameters.run as string | undefined) ?? null, context.id)),
}

export const rollbackJob: JobKind = {
  type: 'rollback',
  parameters: Type.Object({}, { additionalProperties: false }),
  prepare: async (_store, given) => nothing(given),
  perform: (context) => swap(context, () => rollBack(context.store, context.id)),
}
