/** Files of what is larger than one ring: an entity's neighbourhood, or several rings. Made by a job, kept for a while. */
import { useState } from 'preact/hooks'
import { send } from '../api/client.js'
import type { Job } from '../api/shapes.js'
import { useAction } from '../lib/use-action.js'
import { useJob } from '../lib/use-job.js'
import { counted, time } from '../lib/words.js'
import { JobProgress } from '../ui/job-progress.js'
import { Note, Problem } from '../ui/state.js'

const formats = [
  ['html', 'Case file, to print or send'],
  ['graphml', 'GraphML for Gephi and networkx'],
  ['gexf', 'GEXF for Gephi'],
  ['csv', 'CSV'],
  ['parquet', 'Parquet'],
  ['cypher', 'Cypher for Neo4j'],
  ['json', 'JSON'],
] as const

interface Result {
  readonly masked: boolean
  readonly expiresAt: string
  readonly counts: Readonly<Record<string, number>>
  readonly files: readonly { readonly file: string; readonly url: string }[]
}

const Files = ({ of }: { readonly of: Result }) => (
  <>
    <p role="status">
      {counted(of.counts.nodes ?? 0, 'node')}, {counted(of.counts.edges ?? 0, 'edge')}
      {of.masked ? '; identifiers of persons are masked' : ''}. Kept until {time(of.expiresAt)}.
    </p>
    <ul class="exports">
      {of.files.map(({ file, url }) => (
        <li key={file}>
          <a href={url} download={file}>
            {file}
          </a>
        </li>
      ))}
    </ul>
  </>
)

export const ExportJob = ({
  what,
  parameters,
}: {
  readonly what: string
  readonly parameters: Readonly<Record<string, unknown>>
}) => {
  const [format, setFormat] = useState<string>(formats[0][0])
  const [id, setId] = useState<string | null>(null)
  const action = useAction()
  const { job, isOpen, problem, reload } = useJob(id)
  return (
    <form
      aria-label={`Export ${what}`}
      onSubmit={(event) => {
        event.preventDefault()
        void action.run(async () =>
          setId((await send<Job>('POST', '/v1/jobs', { type: 'export', parameters: { ...parameters, format } })).id),
        )
      }}
    >
      <div class="line">
        <label>
          Export {what} as{' '}
          <select value={format} onChange={(event) => setFormat(event.currentTarget.value)}>
            {formats.map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" disabled={action.busy || (id !== null && isOpen && problem === null)}>
          Make the files
        </button>
      </div>
      {action.problem ? <Problem problem={action.problem} /> : null}
      {problem ? <Problem problem={problem} reload={reload} /> : null}
      {id === null || problem ? null : isOpen ? (
        <JobProgress job={job} />
      ) : job?.state === 'done' ? (
        <Files of={job.result as unknown as Result} />
      ) : (
        <Note>{job?.error ? job.error.detail : `The export was ${job?.state}.`}</Note>
      )}
    </form>
  )
}
