/**
 * What a run costs after an earlier one, in processor time of the whole process beside a full run of the same data, and how many
 * memberships agree: on the same graph, with another parameter of one detector, and after one interaction in a hundred is new.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DetectOutcome, runDetect } from '#src/jobs/detect.js'
import { defaultDetectParameters } from '#src/jobs/detect-parameters.js'
import { matchRings } from '#src/rings/identity.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore, RingRecord } from '#src/store/store.js'
import type { Bench, Figure } from './lib/figure.js'

const SIZE = 300_000
const GOAL_COST = 20
const GOAL_AGREEMENT = 99
/** Of the time that 99 % of the interactions lie before. */
const BEFORE = 0.99

const namesOf = ({ members }: RingRecord): string[] => members.map(({ kind, id }) => `${kind}:${id}`)

/** Memberships in both, of those in either, in percent: rings are matched first. */
const agreement = (full: readonly RingRecord[], warm: readonly RingRecord[]): number => {
  let both = 0
  for (const [ring, { after }] of matchRings(full, warm).afterOf) {
    const own = new Set(namesOf(full[ring]!))
    both += namesOf(warm[after]!).filter((name) => own.has(name)).length
  }
  const all = [...full, ...warm].reduce((sum, { members }) => sum + members.length, 0) - both
  return all === 0 ? 100 : (100 * both) / all
}

const timeOfShare = async (store: GraphStore, share: number): Promise<number> => {
  const times = (await store.readGraph(null)).at.filter((at) => !Number.isNaN(at)).sort()
  return times[Math.floor(times.length * share)]!
}

export const bench: Bench = {
  title: 'A run after an earlier one (simulated): npm run bench -- warm [INTERACTIONS]',
  async run({ args, note }) {
    const interactions = Number(args.find((arg) => /^\d+$/.test(arg)) ?? SIZE)
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-warm-'))
    const store = await openStore(join(folder, 'store.duckdb'))
    try {
      for (const batch of recordBatches(new Simulation(defaultSimulation(interactions)))) await store.writeBatch(batch)
      await store.checkpoint()
      const usual = { ...defaultDetectParameters(), workers: 1 }
      const timed = async (
        given: Partial<typeof usual>,
        mode: 'write' | 'dry-run',
      ): Promise<{ readonly outcome: DetectOutcome; readonly seconds: number }> => {
        const before = process.cpuUsage()
        const outcome = await runDetect(store, { ...usual, ...given }, { mode })
        const { user, system } = process.cpuUsage(before)
        return { outcome, seconds: (user + system) / 1e6 }
      }
      await timed({ asOf: await timeOfShare(store, BEFORE) }, 'write')
      const figures: Figure[] = []
      const compare = async (model: string, given: Partial<typeof usual>): Promise<void> => {
        const warm = await timed(given, 'dry-run')
        const full = await timed({ ...given, full: true }, 'dry-run')
        const { reused, focused, searched } = warm.outcome.run
        note(
          `${model}: ${warm.seconds.toFixed(2)} s of ${full.seconds.toFixed(2)} s; did not look: ${reused!.length} detectors, looked around what is new: ${focused!.length}, everywhere: ${searched!.length}`,
        )
        const common = { bench: 'warm', model, spread: null, unit: '%' }
        figures.push(
          {
            ...common,
            metric: 'share of a full run',
            value: (100 * warm.seconds) / full.seconds,
            reference: GOAL_COST,
            referenceName: 'at most',
          },
          {
            ...common,
            metric: 'memberships that agree',
            value: agreement(full.outcome.rings, warm.outcome.rings),
            reference: GOAL_AGREEMENT,
            referenceName: 'at least',
          },
        )
      }
      await compare('1 % new interactions', {})
      await timed({}, 'write')
      await compare('the same graph', {})
      await compare('the same graph, another parameter of one detector', { settings: { matrix: { minMembers: 4 } } })
      return figures
    } finally {
      await store.close()
      rmSync(folder, { recursive: true })
    }
  },
}
