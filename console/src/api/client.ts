/** Requests to the service: problems as errors with their advice, a wait for sign-in, and a second try while the graph is being read. */
import { session } from './session.js'

export class ProblemError extends Error {
  readonly status: number
  readonly code: string
  readonly advice: string
  /** The whole answer: where somebody else was first, it has what they did. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor(
    status: number,
    code: string,
    detail: string,
    advice: string,
    facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.advice = advice
    this.facts = facts
  }
}

export const asProblem = (error: unknown): ProblemError =>
  error instanceof ProblemError ? error : new ProblemError(0, 'internal', String(error), '')

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>

/** An address of the API; empty and absent values are left out. */
export const address = (path: string, query: Query = {}): string => {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each))
  }
  const text = parameters.toString()
  return text === '' ? path : `${path}?${text}`
}

const problemOf = async (answer: Response): Promise<ProblemError> => {
  const body = (await answer.json().catch(() => null)) as
    | ({ code?: string; detail?: string; advice?: string } & Record<string, unknown>)
    | null
  return new ProblemError(
    answer.status,
    body?.code ?? 'unknown',
    body?.detail ?? `The service answered ${answer.status}.`,
    body?.advice ?? '',
    body ?? {},
  )
}

const LOADING_TRIES = 30

const wait = (seconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })

export interface Request {
  readonly method?: string
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** Hears while the service is still reading its graph. */
  readonly onLoading?: () => void
}

export const ask = async (
  path: string,
  { method = 'GET', body, signal, onLoading }: Request = {},
): Promise<Response> => {
  await session.ready()
  for (let tries = 0; ; tries++) {
    let answer: Response
    try {
      answer = await fetch(path, {
        method,
        headers: {
          accept: 'application/json',
          ...session.headers(method),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      })
    } catch (error) {
      if (signal?.aborted) throw error
      throw new ProblemError(0, 'offline', 'The service does not answer.', 'See whether it runs, then try again.')
    }
    if (answer.ok) return answer
    const problem = await problemOf(answer)
    if (problem.status === 401) await session.renew(problem.code === 'auth.missing' ? '' : problem.message)
    else if (problem.code === 'server.loading' && tries < LOADING_TRIES) {
      onLoading?.()
      await wait(Number(answer.headers.get('retry-after')) || 2, signal)
    } else throw problem
  }
}

export const get = async <T>(path: string, query: Query = {}, request: Request = {}): Promise<T> =>
  (await (await ask(address(path, query), request)).json()) as T

export const send = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
  (await (await ask(path, { method, body })).json()) as T
