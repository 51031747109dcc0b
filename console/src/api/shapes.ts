/** What the service answers, as far as the console reads it. openapi.json is the reference. */

import type { Decision } from './decisions.js'

export interface Span {
  readonly from: string
  readonly to: string
}

export interface RingSummary {
  readonly id: string
  readonly run: string
  /** Surprise in nats. */
  readonly score: number
  /** False-discovery rate, 0 to 1. */
  readonly fdr: number
  readonly behaviours: readonly string[]
  readonly detectors: readonly string[]
  readonly window: Span | null
  readonly types: readonly string[]
  readonly markets: readonly string[]
  readonly scenarios: readonly string[]
  readonly accounts: number
  readonly targets: number
  readonly decision: Decision | null
}

export interface Lead extends RingSummary {
  /** `chance` times `touches`. */
  readonly expectedHarm: number
  readonly chance: number
  readonly touches: number
  readonly judged: { readonly confirmed: number; readonly cleared: number }
}

export interface LeadList {
  readonly run: string
  readonly asOf: string | null
  readonly how: string
  readonly total: number
  readonly leftOut: { readonly confirmed: number; readonly cleared: number }
  readonly leads: readonly Lead[]
}

export interface RingList {
  readonly run: string
  readonly asOf: string | null
  readonly total: number
  readonly rings: readonly RingSummary[]
  readonly next: string | null
}

export interface RingDetail extends RingSummary {
  readonly asOf: string | null
  readonly facts: readonly string[]
}

export interface Member {
  readonly entity: string
  readonly kind: string
  readonly role: string
  readonly score: number
}

export interface MemberList {
  readonly total: number
  readonly members: readonly Member[]
  readonly next: string | null
}

export interface Interaction {
  readonly type: string
  readonly id: string
  readonly actor: string
  readonly target: string
  readonly at: string | null
  readonly market: string | null
  readonly scenario: string
  readonly weight: number
  readonly attributes: Readonly<Record<string, unknown>> | null
}

export interface Fact {
  readonly code: string
  readonly sentence: string
  readonly observed: number
  readonly expected: number
  readonly unit: string
  readonly interactionCount: number
  readonly interactions: readonly Interaction[]
}

export interface Evidence {
  readonly facts: readonly Fact[]
  readonly against: readonly string[]
  readonly hangsOn: {
    readonly limit: number
    readonly slackNats: number
    readonly facts: readonly number[]
    readonly entities: readonly string[] | null
  } | null
}

export interface RingEvent {
  readonly event: string
  readonly run: string
  readonly at: string
  readonly overlap: number | null
  readonly accounts: number
  readonly other: string | null
}

export interface RingHistory {
  readonly ring: string
  readonly state: 'active' | 'dormant' | 'merged' | 'dissolved'
  readonly mergedInto: string | null
  readonly events: readonly RingEvent[]
}

export interface RingCheck {
  readonly holds: boolean
  readonly facts: readonly { readonly state: string; readonly observed: number; readonly recounted: number | null }[]
}

export interface RingChanges {
  readonly since: string | null
  readonly run: string
  readonly changes: readonly (RingEvent & { readonly ring: string })[]
  readonly same: number
  readonly unread: number
}

export interface GraphNode {
  readonly entity: string
  readonly kind: string
  readonly role: string | null
  readonly score: number | null
  readonly interactions: number
  readonly neighbours: number | null
  readonly hidden: number | null
  readonly expanded: boolean
}

export interface GraphEdge {
  readonly source: number
  readonly target: number
  readonly type: string
  readonly count: number
  readonly first: string | null
  readonly last: string | null
  readonly facts: readonly number[]
}

export interface RingGraph {
  readonly ring: string
  readonly run: string
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly folded: readonly {
    readonly kind: string
    readonly places: number
    readonly links: readonly { readonly node: number; readonly places: number }[]
  }[]
  readonly leftOut: {
    readonly members: number
    readonly evidence: number
    readonly places: number
    readonly neighbours: number
    readonly unread: number
  }
  readonly untimed: number
}

export interface Run {
  readonly id: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly asOf: string | null
  readonly baseRun: string | null
  readonly counts: Readonly<Record<string, number>>
  readonly notes: readonly { readonly code: string; readonly message: string }[]
}

export interface Job {
  readonly id: string
  readonly type: string
  readonly mode: string
  readonly state: string
  readonly progress: { readonly done: number; readonly stage: string }
  readonly createdAt: string
  readonly finishedAt: string | null
  readonly result: Readonly<Record<string, unknown>> | null
  readonly error: { readonly code: string; readonly detail: string } | null
}

export interface EntityRings {
  readonly entity: string
  readonly run: string | null
  readonly asOf: string | null
  readonly rings: readonly {
    readonly id: string
    readonly score: number
    readonly fdr: number
    readonly role: string
    readonly membership: number
    readonly behaviours: readonly string[]
    readonly window: Span | null
  }[]
}

export interface SharedPlace {
  readonly type: string
  readonly through: string
  readonly sharedBy: number
  readonly times: {
    readonly first: string | null
    readonly second: string | null
    readonly gapSeconds: number | null
  } | null
}

export interface Pair {
  readonly first: string
  readonly second: string
  readonly directCount: number
  readonly direct: readonly {
    readonly type: string
    readonly actor: string
    readonly target: string
    readonly at: string | null
  }[]
  readonly shared: readonly SharedPlace[]
  readonly sharedCount: number
  readonly identifiers: number
  readonly leastGapSeconds: number | null
  readonly paths: {
    readonly paths: readonly (readonly {
      readonly type: string
      readonly direction: string
      readonly entity: string
    }[])[]
    readonly cut: boolean
  }
}

export interface Connections {
  readonly connections: readonly {
    readonly entity: string
    readonly shared: readonly SharedPlace[]
    readonly more: number
  }[]
  readonly leftOut: { readonly crowdedPlaces: number; readonly entities: number }
  readonly pair: Pair | null
  readonly apart: {
    readonly third: string
    readonly firstWithThird: Pair
    readonly secondWithThird: Pair
    readonly withoutThird: readonly SharedPlace[]
    readonly withoutThirdCount: number
  } | null
}

export interface EntityScore {
  readonly model: string | null
  readonly asOf: string | null
  readonly score: number
  readonly interval: { readonly low: number; readonly high: number } | null
  readonly labels: number
  readonly supervised: boolean
  readonly parts: readonly {
    readonly name: string
    readonly value: number
    readonly weight: number
    readonly contribution: number
  }[]
  readonly explanation: readonly { readonly sentence: string; readonly part: string; readonly contribution: number }[]
  readonly counterfactuals: readonly { readonly sentence: string; readonly score: number }[]
}

interface Standing {
  readonly score: number
  readonly fdr: number
}

export interface ListedRing extends Standing {
  readonly ring: string
  readonly members: readonly string[]
}

export interface ChangedRing {
  readonly ring: string
  readonly joined?: readonly string[]
  readonly left?: readonly string[]
  readonly before: Standing
  readonly after: Standing
}

/** Of a what-if's result. */
export interface Difference {
  readonly base: string
  readonly born: readonly ListedRing[]
  readonly gone: readonly ListedRing[]
  readonly changed: readonly ChangedRing[]
  readonly rescored: readonly ChangedRing[]
  readonly same: number
  readonly membersIn: readonly string[]
  readonly membersOut: readonly string[]
}

export interface RiskPath {
  readonly source: string
  readonly sourceDomain: string
  /** Of the risk, 0 to 1. */
  readonly share: number
  readonly steps: readonly {
    readonly from: string
    readonly to: string
    readonly domain: string
    readonly interactions: readonly { readonly type: string; readonly count: number; readonly last: string | null }[]
  }[]
}

export interface EntityRisk {
  readonly bound: number
  readonly domains: readonly {
    readonly domain: string
    readonly risk: number
    readonly role: string | null
    readonly harm: number
    readonly paths: readonly RiskPath[]
    readonly rest: number
  }[]
}

export interface RiskFlows {
  readonly flows: readonly { readonly from: string; readonly to: string; readonly amount: number }[]
  readonly next: string | null
}

interface Model {
  readonly id: string
  readonly trainedAt: string
  readonly labels: number
  readonly kinds: readonly {
    readonly kind: string
    readonly measured: readonly { readonly metric: string; readonly value: number; readonly spread: number | null }[]
  }[]
}

export interface ModelStatus {
  readonly champion: Model | null
  readonly candidate: Model | null
  readonly problem: { readonly detail: string; readonly advice: string } | null
  readonly scoring: {
    readonly finishedAt: string
    readonly model: string | null
    readonly notes: readonly { readonly code: string; readonly message: string }[]
  } | null
}
