/** Loads what a view shows, once for each key; what is under way for an older key is stopped. */
import { useEffect, useState } from 'preact/hooks'
import { asProblem, type ProblemError, type Request } from '../api/client.js'

export interface Loaded<T> {
  /** Of the newest key; null until it is there. */
  readonly data: T | null
  readonly problem: ProblemError | null
  /** Whether the service is still reading its graph. */
  readonly starting: boolean
  readonly reload: () => void
}

export const useLoad = <T>(key: string | null, load: (request: Request) => Promise<T>): Loaded<T> => {
  const [state, setState] = useState<{
    key: string | null
    data: T | null
    problem: ProblemError | null
    starting: boolean
  }>({
    key: null,
    data: null,
    problem: null,
    starting: false,
  })
  const [turn, setTurn] = useState(0)
  // The key stands for what `load` reads.
  useEffect(() => {
    if (key === null) return
    const controller = new AbortController()
    const onLoading = (): void => setState({ key, data: null, problem: null, starting: true })
    load({ signal: controller.signal, onLoading }).then(
      (data) => setState({ key, data, problem: null, starting: false }),
      (error: unknown) => {
        if (controller.signal.aborted) return
        const problem = asProblem(error)
        setState({ key, data: null, problem, starting: false })
      },
    )
    return () => controller.abort()
  }, [key, turn])
  const isMine = state.key === key
  return {
    data: isMine ? state.data : null,
    problem: isMine ? state.problem : null,
    starting: isMine && state.starting,
    reload: () => setTurn((each) => each + 1),
  }
}
