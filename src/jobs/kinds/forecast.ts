/** The forecast job of a service: which ring comes to which domain next, and what came of earlier forecasts. */
import { type Static, Type } from 'typebox'
import { defaultDetectParameters } from '../detect-parameters.js'
import { readForecast, readPast } from '../forecast-records.js'
import { estimateForecast, forecastSummary, runForecast } from '../forecasting.js'
import type { JobKind } from '../job-kind.js'

const parameters = Type.Object(
  {
    run: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          'Whose rings: a run, `published` (default: the one that queries see) or `latest`, as in a pipeline that publishes last.',
      }),
    ),
    memoryLimitMb: Type.Optional(Type.Integer({ minimum: 64 })),
  },
  { additionalProperties: false },
)

type Given = Static<typeof parameters>

export const forecastJob: JobKind = {
  type: 'forecast',
  parameters,

  async prepare(store, request) {
    const given = request as Given
    return {
      parameters: { ...given },
      estimate: await estimateForecast(store),
      memoryLimitMb: given.memoryLimitMb ?? defaultDetectParameters().memoryLimitMb,
    }
  },

  async perform({ store, id, runId, mode, parameters: row, signal, progress }) {
    // A start that was taken over may still write under the same id: then this one, or that one, finds it there.
    const before = mode === 'write' ? await readForecast(store, runId) : null
    if (before !== null)
      return { ...forecastSummary(before, true), past: await readPast(store), changes: null, scored: null }
    const { run = 'published' } = row as Given
    const { record, past, change, scored } = await runForecast(store, {
      run: run === 'published' || run === 'latest' ? run : { id: run },
      mode,
      job: id,
      id: runId,
      signal,
      progress: (done, stage) => progress({ done, stage }),
    })
    return { ...forecastSummary(record, mode === 'write'), past, changes: change, scored }
  },
}
