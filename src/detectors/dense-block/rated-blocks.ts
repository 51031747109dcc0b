/** Blocks of reviews judged by how full they are and by what is said in them. */
import type { FoundBlock } from '../../kernels/block-search.js'
import type { PeelBound } from './candidates.js'
import type { BlockRatings, RatingSurprise } from './ratings.js'

export interface Proposal {
  readonly block: FoundBlock
  readonly bound: PeelBound
  /** Where it was looked for: among the reviews of one rating, or among all (null). */
  readonly rating: number | null
}

export interface Found {
  readonly block: FoundBlock
  readonly bound: PeelBound
  /** What counts: with ratings, where they add to it. */
  readonly nats: number
  readonly ratings: RatingSurprise | null
}

export const plainly = ({ block, bound }: Proposal): Found => ({ block, bound, nats: block.nats, ratings: null })

/** Who reviews what and how it is rated are independent under the null, so surprises add; whether ratings count is one choice of two. */
const together = ({ block, bound }: Proposal, ratings: RatingSurprise | null): Found => ({
  block,
  bound,
  nats: block.nats + Math.max(0, ratings?.nats ?? 0) - Math.LN2,
  ratings: ratings && ratings.nats > 0 ? ratings : null,
})

/**
 * Those that surprise. What is usual is learned without the accounts under suspicion, or rings would excuse each other: first all blocks that
 * were found among one rating are, and then, as often as it takes, those whose ratings do not surprise against the rest count again.
 */
export const judgeRated = (seen: readonly Proposal[], ratings: BlockRatings, check: () => void): Found[] => {
  let suspects = seen.filter(({ rating }) => rating !== null)
  for (;;) {
    ratings.silence(suspects.map(({ block }) => block))
    const surprises = (each: Proposal): boolean => {
      check()
      return (ratings.judge(each.block.rows, each.block.columns)?.nats ?? 0) > 0
    }
    const kept = suspects.filter(surprises)
    if (kept.length === suspects.length) break
    suspects = kept
  }
  return seen
    .map((each) => together(each, ratings.judge(each.block.rows, each.block.columns)))
    .filter(({ nats }) => nats > 0)
}
