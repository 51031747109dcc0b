/** Light cases: who looks at what until when, and what was said of it. */
import { get, type Request, send } from './client.js'

export const caseStatuses = ['open', 'in-review', 'closed'] as const
export type CaseStatus = (typeof caseStatuses)[number]

export interface Case {
  readonly id: string
  /** The one that was seen; a change names it. */
  readonly version: number
  readonly subject: string
  readonly title: string
  readonly status: CaseStatus
  readonly assignee: string | null
  readonly dueAt: string | null
  readonly openedBy: string
  readonly at: string
  readonly changedAt: string
  readonly comments: readonly {
    readonly at: string
    readonly who: string
    readonly text: string
    readonly appeal: boolean
  }[]
}

export type CaseFields = Partial<Pick<Case, 'title' | 'status' | 'assignee' | 'dueAt'>>

/** In place of a name: whoever asks. */
export const ME = 'me'

const one = (id: string, rest = ''): string => `/v1/cases/${encodeURIComponent(id)}${rest}`

export const cases = (query: { readonly assignee?: string; readonly subject?: string }, request: Request) =>
  get<{ readonly cases: readonly Case[] }>('/v1/cases', query, request)
export const oneCase = (id: string, request: Request) => get<Case>(one(id), {}, request)
export const openCase = (given: CaseFields & { readonly subject: string; readonly title: string }) =>
  send<Case>('POST', '/v1/cases', given)
export const changeCase = ({ id, version }: Case, fields: CaseFields) =>
  send<Case>('PUT', one(id), { version, ...fields })
export const comment = (id: string, text: string, appeal: boolean) =>
  send<Case>('POST', one(id, appeal ? '/appeal' : '/comments'), { text })
