/** A run with its rings from a running service, in the form in which a store gives it. */
import type { FactRecord, MemberRecord, RingRecord, RunRecord, RunWithRings } from '../../store/store.js'
import type { ServiceClient } from './client.js'

/** The most that the service gives in one page. */
const PAGE = 1000
/** Rings whose details are asked for at once. */
const AT_ONCE = 8

type Summary = Omit<RingRecord, 'members' | 'facts' | 'window'> & {
  readonly window: { readonly from: string; readonly to: string } | null
}

interface Page {
  readonly run: string
  readonly next: string | null
}

export interface RingsWish {
  /** Null: the latest finished run. */
  readonly run: string | null
  readonly fdr: number
}

/** Every page of a list, the pages after the first of the same run though a new one may finish meanwhile. */
async function* pages<T extends Page>(
  client: ServiceClient,
  path: string,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<T> {
  const search = new URLSearchParams({ ...query, limit: String(PAGE) })
  for (;;) {
    const page = (await client.json(`${path}?${search}`)) as T
    yield page
    if (page.next === null) return
    search.set('run', page.run)
    search.set('cursor', page.next)
  }
}

const ringOf = async (client: ServiceClient, run: string, summary: Summary): Promise<RingRecord> => {
  const path = `/v1/rings/${encodeURIComponent(summary.id)}`
  const members: MemberRecord[] = []
  // An entity is its kind, a colon and its id.
  for await (const page of pages<Page & { readonly members: readonly (MemberRecord & { readonly entity: string })[] }>(
    client,
    `${path}/members`,
    { run },
  ))
    for (const { entity, kind, role, score } of page.members)
      members.push({ kind, id: entity.slice(kind.length + 1), role, score })
  const { facts } = (await client.json(`${path}/evidence?${new URLSearchParams({ run })}`)) as {
    readonly facts: readonly Omit<FactRecord, 'digests'>[]
  }
  const { id, score, fdr, behaviours, detectors, types, markets, scenarios } = summary
  const window = summary.window && { from: Date.parse(summary.window.from), to: Date.parse(summary.window.to) }
  return {
    id,
    score,
    fdr,
    behaviours,
    detectors,
    window,
    types,
    markets,
    scenarios,
    members,
    facts: facts.map((fact) => ({ ...fact, digests: [] })),
  }
}

/** Throws `run.none` and `run.unknown` as the service tells them. */
export const readServiceRings = async (client: ServiceClient, wish: RingsWish): Promise<RunWithRings> => {
  const query = { maxFdr: String(wish.fdr), ...(wish.run === null ? {} : { run: wish.run }) }
  const summaries: Summary[] = []
  let id = ''
  for await (const page of pages<Page & { readonly rings: readonly Summary[] }>(client, '/v1/rings', query)) {
    id = page.run
    summaries.push(...page.rings)
  }
  const rings: RingRecord[] = []
  for (let from = 0; from < summaries.length; from += AT_ONCE)
    rings.push(
      ...(await Promise.all(summaries.slice(from, from + AT_ONCE).map((summary) => ringOf(client, id, summary)))),
    )
  const run = (await client.json(`/v1/runs/${encodeURIComponent(id)}`)) as Omit<RunRecord, 'asOf'> & {
    readonly asOf: string | null
  }
  return { run: { ...run, asOf: run.asOf === null ? null : Date.parse(run.asOf) }, rings }
}
