/**
 * Silence: real interactions shuffled so that every account and every target keeps its number of interactions, and every account its
 * times; with all detectors on, in how many shuffles is any ring named at a false-discovery rate of 5 %?
 *
 *   npm run bench -- shuffles [video-ratings] [hop-airdrop] [election-shares] [coordinated-retweets] [--runs 200] [--cpu-minutes 6]
 *
 * Where the processor time of a set runs out before its runs are done, the figure says of how many.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import type { Snapshot } from '#src/graph/snapshot.js'
import { ringsOfAll } from './lib/all-detectors.js'
import { datasetPath, requireFiles, scoringPath } from './lib/datasets.js'
import { dealsOf } from './lib/dealt.js'
import type { Bench, Figure } from './lib/figure.js'
import { readLikes, shuffledLikes, snapshotOfLikes } from './lib/injected.js'
import { withMapped } from './lib/mapped.js'
import { countOption } from './lib/options.js'
import { readTransfers, shuffledTransfers, snapshotOfTransfers } from './lib/transfers.js'

const rate = 0.05
/** 16 of 200: with a chance of 5 % a run, more come out in one of 25 such counts. */
const mostOf = (runs: number): number => Math.floor(0.08 * runs)

type Shuffles = (seed: number) => Snapshot

const shares = (name: string, file: string): Promise<Shuffles> => {
  const path = datasetPath(file)
  requireFiles(path)
  return withMapped(path, name, async (store) => {
    const deal = dealsOf(await store.readGraph(null))
    return (seed: number) => buildSnapshot(deal(seed))
  })
}

const sets: Readonly<Record<string, () => Promise<Shuffles>>> = {
  'video-ratings': async () => {
    const background = datasetPath('video-ratings/interactions.txt.gz')
    const fakes = datasetPath('starscout/fake_stars.csv.gz')
    requireFiles(background, fakes, scoringPath('inject-campaigns.mjs'))
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    try {
      // The set has no times; the script gives them, and the accounts that it injects are left out.
      execFileSync(process.execPath, [
        ...[scoringPath('inject-campaigns.mjs'), '--fakes', fakes, '--background', background],
        ...['--out', folder, '--seed', '1'],
      ])
      const likes = readLikes(folder, 'organic')
      return (seed) => snapshotOfLikes(shuffledLikes(likes, seed))
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
  'hop-airdrop': async () => {
    const path = datasetPath('hop-airdrop/edges.csv.gz')
    requireFiles(path)
    const transfers = readTransfers(path)
    return (seed) => snapshotOfTransfers(shuffledTransfers(transfers, seed))
  },
  'election-shares': () => shares('election-shares', 'election-shares/posts.csv.gz'),
  'coordinated-retweets': () => shares('coordinated-retweets', 'coordinated-retweets/retweets.csv.gz'),
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

export const bench: Bench = {
  title: 'Shuffled data: in how many runs a ring is named, all detectors on',
  run: async ({ args, note }) => {
    const limit = 60 * countOption(args, 6, 'cpu-minutes')
    const wanted = countOption(args, 200, 'runs')
    const asked = Object.keys(sets).filter((name) => args.includes(name))
    const figures: Figure[] = []
    for (const name of asked.length > 0 ? asked : Object.keys(sets)) {
      const shuffle = await sets[name]!()
      const begin = cpuSeconds()
      let runs = 0
      let named = 0
      while (runs < wanted && cpuSeconds() - begin < limit) {
        const seed = ++runs
        const rings = ringsOfAll(shuffle(seed), seed, rate)
        if (rings.length > 0) {
          named++
          const { nats, members, detectors } = rings[0]!
          note(
            `${name}, shuffle ${seed}: ${rings.length} rings, the strongest of ${nats.toFixed(1)} nats and ${members.length} members by ${detectors.join(' and ')}`,
          )
        }
        if (runs % 10 === 0) note(`${name}: ${named} of ${runs} shuffles named a ring`)
      }
      figures.push({
        bench: 'shuffles',
        model: `all detectors, ${name}`,
        metric: 'shuffles-named',
        value: named,
        unit: `of ${runs}`,
        spread: null,
        reference: mostOf(runs),
        referenceName: 'most at a nominal 5 % (16 of 200)',
      })
      note(`${name}: ${(cpuSeconds() - begin).toFixed(0)} s of processor time for ${runs} shuffles`)
    }
    return figures
  },
}
