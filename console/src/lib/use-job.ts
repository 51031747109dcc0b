/** A job that somebody asked for, followed until it has ended. */
import { useEffect, useState } from 'preact/hooks'
import type { ProblemError } from '../api/client.js'
import { oneJob } from '../api/routes.js'
import type { Job } from '../api/shapes.js'
import { useLoad } from './use-load.js'

const POLL_MS = 700

export interface FollowedJob {
  /** As last seen; null until it was read. */
  readonly job: Job | null
  readonly isOpen: boolean
  readonly problem: ProblemError | null
  readonly reload: () => void
}

/** Null follows nothing. */
export const useJob = (id: string | null): FollowedJob => {
  const [turn, setTurn] = useState(0)
  const loaded = useLoad(id === null ? null : `job ${id} ${turn}`, (request) => oneJob(id!, request))
  const [last, setLast] = useState<Job | null>(null)
  const known = loaded.data ?? last
  const job = known?.id === id ? known : null
  useEffect(() => {
    if (!loaded.data) return
    setLast(loaded.data)
    if (loaded.data.state !== 'queued' && loaded.data.state !== 'running') return
    const timer = setTimeout(() => setTurn((each) => each + 1), POLL_MS)
    return () => clearTimeout(timer)
  }, [loaded.data])
  const isOpen = job === null || job.state === 'queued' || job.state === 'running'
  return { job, isOpen, problem: loaded.problem, reload: loaded.reload }
}
