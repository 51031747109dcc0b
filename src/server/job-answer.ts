/** A job as a caller sees it: names of identifiers, which a what-if may have in its question, masked by role. */
import { entityKind, isEntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import type { Without } from '../graph/without.js'
import type { KeyRole } from '../jobs/api-keys.js'
import type { RingDifference } from '../rings/difference.js'
import type { JobRecord } from '../store/store.js'
import type { Masking } from './masking.js'

const isPersonal = (name: string): boolean => {
  const kind = name.slice(0, name.indexOf(':'))
  return isEntityKind(kind) && entityKind(kind).personal
}

/** Whether a job's question or answer names identifiers of persons. */
export const namesPersons = ({ parameters, result }: JobRecord): boolean => {
  const { whatIf, entity } = parameters as { readonly whatIf?: Without | null; readonly entity?: string }
  const difference = result?.difference as RingDifference | undefined
  const named = [
    ...(entity === undefined ? [] : [entity]),
    ...(whatIf?.entities ?? []),
    ...(difference ? [...difference.membersIn, ...difference.membersOut] : []),
    ...(difference ? [...difference.born, ...difference.gone].flatMap(({ members }) => members) : []),
    ...(difference ? difference.changed.flatMap(({ joined, left }) => [...joined, ...left]) : []),
  ]
  return named.some(isPersonal)
}

/** Whoever may not see an identifier may not find out by trying what it ties together. Throws `auth.role`. */
export const refusePersonal = (name: string): void => {
  if (isPersonal(name))
    throw new RingfenceError('auth.role', `Your role may not ask for a ${name.slice(0, name.indexOf(':'))} by its id.`)
}

type Names = (names: readonly string[]) => string[]

const maskedDifference = (difference: RingDifference, names: Names): RingDifference => ({
  ...difference,
  born: difference.born.map((ring) => ({ ...ring, members: names(ring.members) })),
  gone: difference.gone.map((ring) => ({ ...ring, members: names(ring.members) })),
  changed: difference.changed.map((ring) => ({ ...ring, joined: names(ring.joined), left: names(ring.left) })),
  membersIn: names(difference.membersIn),
  membersOut: names(difference.membersOut),
})

export const jobAnswer = (job: JobRecord, role: KeyRole, masking: Masking) => {
  const names: Names = (all) => all.map((name) => masking.fullName(role, name))
  const { whatIf } = job.parameters as { readonly whatIf?: Without | null }
  const difference = job.result?.difference as RingDifference | undefined
  const { labels, entity, ...parameters } = job.parameters as {
    readonly labels?: readonly unknown[]
    readonly entity?: string
  }
  return {
    ...job,
    // Thousands of labels are for the job alone.
    parameters: {
      ...parameters,
      ...(labels ? { labels: labels.length } : {}),
      ...(entity === undefined ? {} : { entity: masking.fullName(role, entity) }),
      ...(whatIf ? { whatIf: { ...whatIf, entities: names(whatIf.entities) } } : {}),
    },
    result: job.result && { ...job.result, ...(difference ? { difference: maskedDifference(difference, names) } : {}) },
    error: job.error && { ...job.error },
  }
}
