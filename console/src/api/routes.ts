/** The addresses that the console asks, by what they answer. */
import { address, get, type Request } from './client.js'
import type {
  Connections,
  EntityRings,
  EntityRisk,
  EntityScore,
  Evidence,
  Job,
  LeadList,
  MemberList,
  ModelStatus,
  RingChanges,
  RingCheck,
  RingDetail,
  RingGraph,
  RingHistory,
  RingList,
  RingSummary,
  RiskFlows,
  Run,
} from './shapes.js'

const ring = (id: string, rest = ''): string => `/v1/rings/${encodeURIComponent(id)}${rest}`

const paths: Readonly<Record<string, string>> = {
  creator: 'creators',
  user: 'users',
  video: 'videos',
  product: 'products',
}

/** Null for identifiers, which have no address of their own. */
export const entityPath = (name: string): string | null => {
  const colon = name.indexOf(':')
  const path = paths[name.slice(0, colon)]
  return path === undefined ? null : `/v1/${path}/${encodeURIComponent(name.slice(colon + 1))}`
}

/** More rings than anybody reads, and few enough to filter as one types. */
export const MOST_RINGS = 10_000
const PAGE = 1000

/** All rings of a run, by falling score, as far as `MOST_RINGS`. */
export const allRings = async (run: string | null, request: Request): Promise<RingList> => {
  let list = await get<RingList>('/v1/rings', { limit: PAGE, run }, request)
  const rings: RingSummary[] = [...list.rings]
  while (list.next !== null && rings.length < MOST_RINGS) {
    list = await get<RingList>('/v1/rings', { limit: PAGE, run: list.run, cursor: list.next }, request)
    rings.push(...list.rings)
  }
  return { ...list, rings }
}

export const topLeads = (limit: number, request: Request) => get<LeadList>('/v1/leads', { limit }, request)
export const modelStatus = (request: Request) => get<ModelStatus>('/v1/models/status', {}, request)
export const oneRing = (id: string, request: Request) => get<RingDetail>(ring(id), {}, request)
export const members = (id: string, cursor: string | null, request: Request) =>
  get<MemberList>(ring(id, '/members'), { limit: PAGE, cursor }, request)
/** Names of all members, as far as `most`; of one role, or of every one but what the ring acted on. */
export const memberNames = async (id: string, role: string | null, most: number): Promise<readonly string[]> => {
  const names: string[] = []
  let cursor: string | null = null
  do {
    const list: MemberList = await members(id, cursor, {})
    for (const member of list.members)
      if (role === null ? member.role !== 'beneficiary' : member.role === role) names.push(member.entity)
    cursor = list.next
  } while (cursor !== null && names.length <= most)
  return names
}
export const evidence = (id: string, request: Request) =>
  get<Evidence>(ring(id, '/evidence'), { details: true, entities: true }, request)
export const history = (id: string, request: Request) => get<RingHistory>(ring(id, '/history'), {}, request)
export const check = (id: string, request: Request) => get<RingCheck>(ring(id, '/verify'), {}, request)
export const graph = (
  id: string,
  query: { readonly expand: readonly string[]; readonly maxShared: number | null },
  request: Request,
) => get<RingGraph>(ring(id, '/graph'), query, request)
export const exportAddress = (id: string, format: string, part: string | null = null): string =>
  address(ring(id, '/export'), { format, part })
export const changes = (since: string | null, request: Request) =>
  get<RingChanges>('/v1/ring-changes', { since }, request)
export const runs = (request: Request) => get<{ readonly runs: readonly Run[] }>('/v1/runs', { limit: 50 }, request)
export const jobs = (limit: number, request: Request) =>
  get<{ readonly jobs: readonly Job[] }>('/v1/jobs', { limit }, request)
export const oneJob = (id: string, request: Request) => get<Job>(`/v1/jobs/${encodeURIComponent(id)}`, {}, request)
export const entityRings = (path: string, request: Request) =>
  get<EntityRings>(`${path}/rings`, { limit: 100 }, request)
export const entityScore = (path: string, basis: 'model' | 'rings', request: Request) =>
  get<EntityScore>(`${path}/score`, { basis, explain: 8 }, request)
export const connections = (
  path: string,
  query: { readonly with?: string | null; readonly not?: string | null },
  request: Request,
) => get<Connections>(`${path}/connections`, { limit: 50, ...query }, request)
export const entityRisk = (path: string, request: Request) => get<EntityRisk>(`${path}/risk`, { paths: 10 }, request)
export const riskFlows = (request: Request) => get<RiskFlows>('/v1/risk/flows', { limit: PAGE }, request)
