/** A judged set of creators as a candidate: members, who acts for them, products that gain, and facts with the edges that show them. */
import { entityKinds, type InteractionType } from '../../../graph-schema/schema.js'
import { recount } from '../../graph/fact-count.js'
import { fingerprintOf } from '../../graph/fingerprints.js'
import { interactionsAt } from '../../graph/interactions-at.js'
import { entityName, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { bitCount } from '../../kernels/near-hashes.js'
import type { Candidate, EdgeSet, Fact, Member } from '../detector.js'
import type { Content, Creators } from './holdings.js'
import { type Judged, sharing, sharingWithout } from './judge.js'
import type { Tally } from './tally.js'

export interface Source {
  readonly snapshot: Snapshot
  readonly creators: Creators
  readonly content: Content | null
}

/** -ln .05: a product that gains has more holders among the members than chance gives. */
const GAINS = 3
/** Creators for whom an operator acts at least. */
const LEAST_OPERATED = 2
const NAMED = 3

const round = (value: number): number => Number(value.toPrecision(3))

/** Edges of the members in one relation, from `actors` where these are not the creators themselves. */
const edgesOf = (
  snapshot: Snapshot,
  type: InteractionType,
  actors: readonly number[],
  keep: (edge: number) => boolean,
): Int32Array => {
  const relation = relationOf(snapshot, type)
  const edges: number[] = []
  if (!relation) return new Int32Array(0)
  const { actorFrom, outOffsets } = relation
  for (const actor of actors) {
    const row = actor - actorFrom
    if (row < 0 || row + 1 >= outOffsets.length) continue
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) if (keep(edge)) edges.push(edge)
  }
  return Int32Array.from(new Set(edges)).sort()
}

const shown = (...sets: readonly EdgeSet[]): readonly EdgeSet[] => sets.filter(({ edges }) => edges.length > 0)

const named = (snapshot: Snapshot, entities: readonly number[]): string => {
  const listed = entities.slice(0, NAMED).map((entity) => entityName(snapshot, entity))
  const more = entities.length - listed.length
  return `${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const durationText = (milliseconds: number): string => {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 120) return `${minutes} minute${minutes === 1 ? '' : 's'}`
  return `${Math.round(minutes / 60)} hours`
}

/** Users who act for two members or more, at least half of all creators for whom they act. */
const operatorsOf = ({ snapshot }: Source, entities: readonly number[]): Member[] => {
  const operates = relationOf(snapshot, 'operates')
  if (!operates) return []
  const own = new Set(entities)
  const found: Member[] = []
  for (let row = 0; row + 1 < operates.outOffsets.length; row++) {
    const creators = new Set(operates.target.subarray(operates.outOffsets[row]!, operates.outOffsets[row + 1]!))
    let inside = 0
    for (const creator of creators) if (own.has(creator)) inside++
    if (inside >= LEAST_OPERATED && inside * 2 >= creators.size)
      found.push({ entity: row + operates.actorFrom, role: 'core', membership: round(inside / creators.size) })
  }
  return found
}

interface Described {
  readonly fact: Fact
  readonly nats: number
}

/**
 * A thing that k members hold is k holdings, of which k - 1 are copies: where copies are few they come by twos, so that holdings with a
 * copy are at most twice the copies that chance gives.
 */
const HOLDINGS_A_COPY = 2

/** Of the members' posts in shared families, those with a copy by another member: single-linkage families may have outsiders in between. */
const copiedEdges = ({ snapshot, content }: Source, tally: Tally, entities: readonly number[]): Int32Array => {
  const relation = relationOf(snapshot, 'publish')!
  const families = new Map<number, number[]>()
  const edges = edgesOf(snapshot, 'publish', entities, (edge) => {
    const family = content!.family[edge]!
    return family >= 0 && tally.inside(family) > 1
  })
  for (const edge of edges)
    families.set(content!.family[edge]!, [...(families.get(content!.family[edge]!) ?? []), edge])
  const copied: number[] = []
  for (const own of families.values()) {
    const posts = interactionsAt(relation, Int32Array.from(own))
    const words = posts.map(({ fingerprint }) => fingerprintOf(fingerprint)!)
    posts.forEach(({ actor }, i) => {
      const { high, low } = words[i]!
      const has = posts.some(
        (other, j) =>
          other.actor !== actor && bitCount(high ^ words[j]!.high) + bitCount(low ^ words[j]!.low) <= content!.distance,
      )
      if (has) copied.push(own[i]!)
    })
  }
  return Int32Array.from(copied).sort()
}

const contentFact = (source: Source, judged: Judged, entities: readonly number[]): Described[] => {
  const { content } = source
  const tally = judged.tallies.get('content')?.[0]
  if (!tally || !content || tally.copies === 0) return []
  const edges = copiedEdges(source, tally, entities)
  if (edges.length === 0) return []
  const pieces = tally.shared().length
  const how = content.distance === 0 ? 'equal fingerprints' : `fingerprints within ${content.distance} of 64 bits`
  const expected = round(HOLDINGS_A_COPY * tally.expected)
  return [
    {
      nats: judged.content,
      fact: {
        code: 'matrix.content',
        sentence: `${entities.length} creators published ${pieces} piece${pieces === 1 ? '' : 's'} of content more than once among them (${how}): ${edges.length} posts have a copy by another, where chance would give ${expected}.`,
        observed: edges.length,
        expected,
        unit: 'posts',
        count: { of: 'copies', distance: content.distance },
        shows: shown({ type: 'publish', edges }),
      },
    },
  ]
}

const productFact = ({ snapshot }: Source, judged: Judged, entities: readonly number[]): Described[] => {
  const tally = judged.tallies.get('product')?.[0]
  if (!tally || tally.copies === 0) return []
  const from = snapshot.entities.kindOffsets[entityKinds.product.code]!
  const isShared = (product: number): boolean => tally.inside(product - from) > 1
  const sell = relationOf(snapshot, 'sell')
  const promote = relationOf(snapshot, 'promote')
  const publish = relationOf(snapshot, 'publish')
  const shows = (video: number): boolean => {
    const row = video - (promote?.actorFrom ?? 0)
    if (!promote || row < 0 || row + 1 >= promote.outOffsets.length) return false
    for (let edge = promote.outOffsets[row]!; edge < promote.outOffsets[row + 1]!; edge++)
      if (isShared(promote.target[edge]!)) return true
    return false
  }
  // The posts, not what they show: a person starts from the creator.
  const posted = edgesOf(snapshot, 'publish', entities, (edge) => shows(publish!.target[edge]!))
  const sold = edgesOf(snapshot, 'sell', entities, (edge) => isShared(sell!.target[edge]!))
  const products = tally.shared()
  const observed = pairCount(snapshot, { type: 'publish', edges: posted }, { type: 'sell', edges: sold })
  const holdings = products.reduce((sum, product) => sum + tally.inside(product), 0)
  // In posts and offers, of which a creator may have several for one product.
  const expected = round((HOLDINGS_A_COPY * tally.expected * observed) / holdings)
  return [
    {
      nats: judged.products,
      fact: {
        code: 'matrix.products',
        sentence: `They offer or show ${products.length} of the same products (${named(
          snapshot,
          products.map((product) => product + from),
        )}): in ${observed} posts and offers, where chance would give ${expected}.`,
        observed,
        expected,
        unit: 'posts and offers',
        count: { of: 'pairs' },
        shows: shown({ type: 'sell', edges: sold }, { type: 'publish', edges: posted }),
      },
    },
  ]
}

/** Different actor and target of the edges of each type. */
const pairCount = (snapshot: Snapshot, ...sets: readonly EdgeSet[]): number =>
  recount(
    { of: 'pairs' },
    sets.flatMap(({ type, edges }) => (edges.length > 0 ? interactionsAt(relationOf(snapshot, type)!, edges) : [])),
  )

const identifierFact = (source: Source, judged: Judged, entities: readonly number[]): Described[] => {
  const { snapshot } = source
  const tallies = judged.tallies.get('identifier') ?? []
  if (!tallies.some(({ copies }) => copies > 0)) return []
  const uses = relationOf(snapshot, 'uses')
  const operates = relationOf(snapshot, 'operates')
  const identifiers = uses ? uses.inOffsets.length - 1 : 0
  const isShared = (thing: number): boolean => tallies.some((tally) => tally.inside(thing) > 1)
  const used = edgesOf(snapshot, 'uses', entities, (edge) => isShared(uses!.target[edge]! - uses!.targetFrom))
  const own = new Set(entities)
  const operators = operatorsOf(source, entities).map(({ entity }) => entity)
  const acting = edgesOf(snapshot, 'operates', operators, (edge) => own.has(operates!.target[edge]!))
  const things = tallies
    .flatMap((tally) => tally.shared().map((thing) => ({ thing, inside: tally.inside(thing) })))
    .sort((a, b) => b.inside - a.inside || a.thing - b.thing)
    .map(({ thing }) => (thing < identifiers ? thing + uses!.targetFrom : thing - identifiers + operates!.actorFrom))
    .filter(
      (entity) =>
        !operates || entity < operates.actorFrom || isIdentifier(snapshot, entity) || operators.includes(entity),
    )
  const observed = pairCount(snapshot, { type: 'uses', edges: used }, { type: 'operates', edges: acting })
  if (observed === 0) return []
  const expected = round(HOLDINGS_A_COPY * tallies.reduce((sum, tally) => sum + tally.expected, 0))
  return [
    {
      nats: judged.identifiers,
      fact: {
        code: 'matrix.identifiers',
        sentence: `They share ${things.length} identifier${things.length === 1 ? '' : 's'} or operator${things.length === 1 ? '' : 's'} (${named(snapshot, things)}) in ${observed} ties, where chance would give ${expected}.`,
        observed,
        expected,
        unit: 'ties',
        count: { of: 'pairs' },
        shows: shown({ type: 'uses', edges: used }, { type: 'operates', edges: acting }),
      },
    },
  ]
}

const isIdentifier = ({ entities }: Snapshot, entity: number): boolean =>
  entity >= entities.kindOffsets[entityKinds.device.code]!

const rhythmFact = (judged: Judged, edges: Int32Array): Described[] => {
  const { rhythm } = judged
  if (rhythm.nats <= 0) return []
  const within = durationText(rhythm.tolerance)
  const expected = round(HOLDINGS_A_COPY * rhythm.expected)
  const moments = rhythm.counted === 'moments'
  return [
    {
      nats: rhythm.nats,
      fact: {
        code: moments ? 'matrix.moments' : 'matrix.copies-together',
        sentence: moments
          ? `${edges.length} posts came within ${within} of another's; with each one's days moved against the others' it is ${expected}.`
          : `${edges.length} posts are copies within ${within} of another's; with each one's days moved against the others' it is ${expected}.`,
        observed: edges.length,
        expected,
        unit: 'posts',
        count: { of: 'interactions' },
        shows: shown({ type: 'publish', edges }),
      },
    },
  ]
}

/** Products that more members hold than chance explains, the number of shared products accounted for. */
const productsOf = ({ snapshot }: Source, judged: Judged): Member[] => {
  const tally = judged.tallies.get('product')?.[0]
  if (!tally) return []
  const from = snapshot.entities.kindOffsets[entityKinds.product.code]!
  const products = tally.shared()
  const least = Math.log(products.length) + GAINS
  return products
    .filter((product) => tally.surpriseOf(product) >= least)
    .map((product) => ({
      entity: product + from,
      role: 'beneficiary',
      membership: round(tally.inside(product) / judged.members.length),
    }))
}

/** How much of what is shared goes with each member, relative to the mean of all: 1 is as much or more. */
const strengths = (judged: Judged): number[] => {
  const whole = sharing(judged.tallies)
  const drops = judged.members.map((member) => Math.max(0, whole - sharingWithout(judged.tallies, member)))
  const mean = drops.reduce((sum, drop) => sum + drop, 0) / drops.length
  return drops.map((drop) => (mean > 0 ? Math.min(1, drop / mean) : 1))
}

const CORE_FROM = 0.5

/** `postEdges`: position in `publish` of each post that the rhythm names. */
export const candidateOf = (source: Source, judged: Judged, postEdges: Int32Array): Candidate => {
  const { snapshot, creators } = source
  const entities = judged.members.map((creator) => creator + creators.from)
  const strength = strengths(judged)
  const edges = Int32Array.from(judged.rhythm.posts, (post) => postEdges[post]!).sort()
  const facts = [
    ...contentFact(source, judged, entities),
    ...productFact(source, judged, entities),
    ...identifierFact(source, judged, entities),
    ...rhythmFact(judged, edges),
  ]
    .sort((a, b) => b.nats - a.nats)
    .map(({ fact }) => fact)
  const members: Member[] = [
    ...entities.map(
      (entity, i): Member => ({
        entity,
        role: strength[i]! >= CORE_FROM ? 'core' : 'mule',
        membership: round(strength[i]!),
      }),
    ),
    ...operatorsOf(source, entities),
    ...productsOf(source, judged),
  ]
  let from = Infinity
  let to = -Infinity
  for (const { shows } of facts)
    for (const { type, edges: own } of shows) {
      if (type === 'uses' || type === 'operates') continue
      const { at } = relationOf(snapshot, type)!
      for (const edge of own) {
        if (at[edge]! < from) from = at[edge]!
        if (at[edge]! > to) to = at[edge]!
      }
    }
  return {
    detector: 'matrix',
    behaviour: 'matrix',
    members: members.sort((a, b) => a.entity - b.entity),
    window: from <= to ? { from, to } : null,
    nats: judged.nats,
    facts,
  }
}
