/**
 * Sybil clusters: many accounts, one hand.
 *
 * Two sources of structure, one scale. Shared identifiers (`uses`): see sybil/identifiers.ts. Dealings between accounts
 * (`transfer`, `associate`): see sybil/flow.ts. Both look for groups that hang together once a few hubs are taken away
 * (kernels/separable-sets.ts) and judge each against a null that keeps every degree (sybil/calibrate.ts).
 */
import { type Static, Type } from 'typebox'
import type { Candidate, Detector, Note } from './detector.js'
import { shufflesFor } from './sybil/calibrate.js'
import { flowCandidates } from './sybil/flow-candidates.js'
import { BY_HAND, BY_PURSE, identifierCandidates } from './sybil/identifier-candidates.js'

const parameters = Type.Object(
  {
    minMembers: Type.Integer({
      default: 5,
      minimum: 3,
      maximum: 1000,
      description: 'Fewest accounts of a group found by its transfers.',
    }),
    minSharing: Type.Integer({
      default: 7,
      minimum: 3,
      maximum: 1000,
      description:
        'Fewest accounts of a group found by shared identifiers. Families of up to five, and a small team with its successor, share devices, cards and addresses as completely as rings do.',
    }),
    maxMembers: Type.Integer({
      default: 2000,
      minimum: 10,
      maximum: 1_000_000,
      description:
        'Most accounts (with shared identifiers: accounts and identifiers) of a group. An account or identifier that would tie more together is a hub, and ties nothing.',
    }),
    membersPerDoor: Type.Number({
      default: 5,
      exclusiveMinimum: 0,
      maximum: 1000,
      description:
        'How many members with two partners or more (or twice as many pairs among them) a group must have for each account through which it touches the rest. Higher finds fewer and tighter groups.',
    }),
    sharedPart: Type.Number({
      default: 0.75,
      minimum: 0,
      exclusiveMaximum: 1,
      description:
        "More than this share of an account's devices (where it has none: means of payment, then contacts, then networks and addresses) must be shared for shared identifiers to count: people who meet at one device have others of their own.",
    }),
    shuffles: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: 200,
      description:
        'Fewest degree-keeping shuffles searched in the same way, to learn how strong chance gets; small data gets up to 39. With 0 a stricter bound is used alone.',
    }),
  },
  { additionalProperties: false },
)

type SybilParameters = Static<typeof parameters>

/** Measured on transfers at 1 M and 10 M: fixed, per account, per interaction. */
const bytesFixed = 10e6
const bytesPerEntity = 60
const bytesPerInteraction = 50
/**
 * Share of the interactions that are read, on a platform where all kinds of things happen: the estimate does not know their types, and is too low
 * where all are transfers.
 */
const shareRead = 0.07
const secondsFixed = 0.2
/** One search of a pair at 1 M on one core; random reads get slower as the arrays outgrow the caches, by this power of the size. */
const secondsPerPair = 1e-6
const cachePower = 0.2
/** The data itself costs more than a shuffle: its pairs are merged, and its groups described. */
const searchesOfData = 1.5

/** As where candidates become rings. */
const SAME_GROUP = 0.8

/** The largest surprise of each shuffle; null where there were none. */
interface SybilMemory {
  readonly identifiers: Float64Array | null
  readonly purses: Float64Array | null
  readonly transfers: Float64Array | null
}

/** Whether two searches found the same group: it is told once, with all that is shared. */
const isWithin = ({ members }: Candidate, known: Candidate): boolean => {
  const accounts = new Set(known.members.map(({ entity }) => entity))
  return members.filter(({ entity }) => accounts.has(entity)).length >= SAME_GROUP * members.length
}

const NOTHING_LEARNED: SybilMemory = { identifiers: null, purses: null, transfers: null }

export const sybil: Detector<SybilParameters> = {
  id: 'sybil',
  title: 'Sybil clusters',
  behaviour: 'sybil',
  finds:
    'Groups of accounts run by one hand: they share devices and other identifiers with little of their own, or deal with each other and reach everybody else through few doors.',
  papers: [
    'Q. Cao, M. Sirivianos, X. Yang and T. Pregueiro, "Aiding the Detection of Fake Accounts in Large Scale Social Online Services", NSDI 2012.',
    'R. J. G. B. Campello, D. Moulavi and J. Sander, "Density-Based Clustering Based on Hierarchical Density Estimates", PAKDD 2013.',
    'C. R. Genovese, K. Roeder and L. Wasserman, "False Discovery Control with p-Value Weighting", Biometrika 93(3), 2006.',
  ],
  parameters,
  estimate: ({ entities, interactions }, { shuffles }) => ({
    bytes: bytesFixed + bytesPerEntity * entities + bytesPerInteraction * interactions,
    seconds:
      secondsFixed +
      secondsPerPair *
        shareRead *
        interactions *
        Math.max(1, interactions / 1e6) ** cachePower *
        (searchesOfData + shufflesFor(shareRead * interactions, shuffles)),
  }),
  warm: true,
  run: (context, options) => {
    const types = new Set(context.snapshot.relations.map(({ type }) => type))
    const shared = types.has('uses')
    const flow = types.has('transfer') || types.has('associate')
    // Each search is right by itself; together they have three chances to be wrong.
    const searches = 2 * Number(shared) + Number(flow)
    const notes: Note[] = []
    if (searches === 0)
      notes.push({
        code: 'sybil.nothing-to-read',
        message: 'There are no uses, transfers or associations, so sybil clusters were not looked for.',
      })
    const sharing = { ...options, minMembers: options.minSharing, searches }
    // A little more data does not change what shuffles give by more than shuffles differ: where no set is near them, a warm run does without.
    const before = (context.focus?.memory ?? NOTHING_LEARNED) as SybilMemory
    const identifiers = identifierCandidates(context, sharing, before.identifiers, BY_HAND)
    const purses = identifierCandidates(context, sharing, before.purses, BY_PURSE)
    const transfers = flowCandidates(context, { ...options, searches }, before.transfers)
    const memory: SybilMemory = {
      identifiers: identifiers.strongest,
      purses: purses.strongest,
      transfers: transfers.strongest,
    }
    const others = purses.candidates.filter((each) => !identifiers.candidates.some((known) => isWithin(each, known)))
    return { candidates: [...identifiers.candidates, ...others, ...transfers.candidates], notes, memory }
  },
}
