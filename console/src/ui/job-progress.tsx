import type { Job } from '../api/shapes.js'

export const JobProgress = ({ job }: { readonly job: Job | null }) => (
  <p class="notice" role="status">
    {job === null
      ? 'Reading the job …'
      : job.state === 'queued'
        ? 'Waiting for its turn …'
        : `${Math.round(100 * job.progress.done)} %: ${job.progress.stage}`}
  </p>
)
