/** Something that somebody does: whether it is under way, and what went wrong. */
import { useState } from 'preact/hooks'
import { asProblem, type ProblemError } from '../api/client.js'

export interface Action {
  readonly busy: boolean
  readonly problem: ProblemError | null
  readonly run: (work: () => Promise<void>) => Promise<void>
}

export const useAction = (): Action => {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<ProblemError | null>(null)
  return {
    busy,
    problem,
    run: async (work) => {
      setBusy(true)
      setProblem(null)
      await work().catch((error: unknown) => setProblem(asProblem(error)))
      setBusy(false)
    },
  }
}
