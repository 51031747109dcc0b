/** What stands in the place of something that is not there: being loaded, wrong, or empty. */
import type { ComponentChildren } from 'preact'
import type { ProblemError } from '../api/client.js'
import type { Loaded } from '../lib/use-load.js'

export const Problem = ({ problem, reload }: { readonly problem: ProblemError; readonly reload?: () => void }) => (
  <div class="notice bad" role="alert">
    <p>
      <strong>{problem.message}</strong> {problem.advice}
    </p>
    <p class="quiet">
      <code>{problem.code}</code>
      {reload ? (
        <button type="button" onClick={reload}>
          Try again
        </button>
      ) : null}
    </p>
  </div>
)

export const Note = ({ children }: { readonly children: ComponentChildren }) => <p class="notice">{children}</p>

interface WithProps<T> {
  readonly of: Loaded<T>
  readonly what: string
  readonly children: (data: T) => ComponentChildren
}

export const With = <T,>({ of, what, children }: WithProps<T>) => {
  if (of.problem) return <Problem problem={of.problem} reload={of.reload} />
  if (of.data === null)
    return (
      <p class="loading" role="status">
        {of.starting ? 'The service is reading its graph; this comes as soon as it is there.' : `Reading ${what} …`}
      </p>
    )
  return <>{children(of.data)}</>
}
