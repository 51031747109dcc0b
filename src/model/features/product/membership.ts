/** What the rings of a run say of an entity. Rings come from interactions alone, never from labels or scores. */
import { type Role, roles } from '../../../detectors/detector.js'
import { RingfenceError } from '../../../errors.js'
import { findEntity, type Snapshot } from '../../../graph/snapshot.js'
import type { MemberRecord, RingRecord, RunWithRings } from '../../../store/store.js'
import type { FeatureDefinition } from '../definition.js'
import { columnsOf, definitionsOf, type Measure } from '../measure.js'
import type { Range } from './sides.js'

export interface Membership {
  rings: number
  strongest: number
  fdr: number
  nats: number
  readonly byRole: Record<Role, number>
}

const roleWords: Readonly<Record<Role, string>> = {
  core: 'in the core',
  mule: 'as a mule',
  amplifier: 'as an amplifier',
  broker: 'as a broker',
  beneficiary: 'as a beneficiary',
}

const measures: readonly Measure<Membership>[] = [
  { name: 'count', unit: 'rings', sentence: () => 'Number of rings that it is in.', value: ({ rings }) => rings },
  {
    name: 'membership',
    unit: 'strength',
    sentence: () => 'Greatest strength of its memberships of rings, 0 to 1; 0 without any.',
    value: ({ strongest }) => strongest,
  },
  {
    name: 'fdr',
    unit: 'rate',
    sentence: () => 'Least false-discovery rate of its rings; 1 without any.',
    value: ({ fdr }) => fdr,
  },
  {
    name: 'surprise',
    unit: 'log nats',
    sentence: () => 'Logarithm of one more than the greatest surprise of its rings; 0 without any.',
    value: ({ nats }) => Math.log1p(nats),
  },
  ...roles.map(
    (role): Measure<Membership> => ({
      name: role,
      unit: 'strength',
      sentence: () => `Greatest strength of its memberships ${roleWords[role]}; 0 without any.`,
      value: ({ byRole }) => byRole[role],
    }),
  ),
]

export const membershipDefinitions: readonly FeatureDefinition[] = definitionsOf(
  measures,
  { name: 'rings', words: '' },
  'Rings of a run whose own time is not after the scoring time.',
)

/** Throws `model.later-run` where the run may have read what the snapshot does not have. */
const checkTime = ({ asOf }: Snapshot, { run }: RunWithRings): void => {
  if (asOf !== null && !(run.asOf !== null && run.asOf <= asOf))
    throw new RingfenceError(
      'model.later-run',
      `Run ${run.id} is of ${run.asOf === null ? 'all data' : new Date(run.asOf).toISOString()}, the features of ${new Date(asOf).toISOString()}.`,
    )
}

const isRole = (role: string): role is Role => (roles as readonly string[]).includes(role)

/** Of entities that are in a ring, by their index. */
export type Memberships = ReadonlyMap<number, Membership>

const none = (): Membership => ({
  rings: 0,
  strongest: 0,
  fdr: 1,
  nats: 0,
  byRole: { core: 0, mule: 0, amplifier: 0, broker: 0, beneficiary: 0 },
})

const addRing = (membership: Membership, { role, score }: MemberRecord, ring: RingRecord): void => {
  membership.rings++
  membership.strongest = Math.max(membership.strongest, score)
  membership.fdr = Math.min(membership.fdr, ring.fdr)
  membership.nats = Math.max(membership.nats, ring.score)
  if (isRole(role)) membership.byRole[role] = Math.max(membership.byRole[role], score)
}

/** Of one entity, from its part in each of some rings. */
export const membershipIn = (
  rings: readonly { readonly ring: RingRecord; readonly member: MemberRecord }[],
): Membership => {
  const membership = none()
  for (const { ring, member } of rings) addRing(membership, member, ring)
  return membership
}

/** Of every entity that is in a ring, by its index. Members that the snapshot does not have are no row of any table. */
export const membershipsOf = (snapshot: Snapshot, run: RunWithRings | null): Memberships => {
  const memberships = new Map<number, Membership>()
  if (run === null) return memberships
  checkTime(snapshot, run)
  for (const ring of run.rings)
    for (const member of ring.members) {
      const entity = findEntity(snapshot, member.kind, member.id)
      if (entity < 0) continue
      const membership = memberships.get(entity) ?? none()
      memberships.set(entity, membership)
      addRing(membership, member, ring)
    }
  return memberships
}

export const membershipColumns = (memberships: Memberships, { from, to }: Range): readonly Float32Array[] => {
  const nothing = none()
  return columnsOf(measures, to - from, (row) => memberships.get(from + row) ?? nothing)
}
