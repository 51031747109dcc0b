/** What an export is, beside its parts: of which run and time, what was asked for, what is masked, how much there is, and the hash of each part. */

import { version } from '../version.js'
import type { ExportContent } from './content.js'
import { personalKinds } from './names.js'
import type { ExportFormat, FinishedPart } from './part.js'

export const manifestOf = (
  format: ExportFormat<ExportContent>,
  content: ExportContent,
  parts: readonly FinishedPart[],
) => {
  const { run, asked, rings, leftOut } = content.scope
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
  // A case file has no graph of its own.
  const { nodes, edges, ...others } = content.counts
  return {
    format: format.name,
    manifest: 1,
    ringfence: version,
    exportedAt: new Date().toISOString(),
    run: {
      id: run.id,
      asOf: iso(run.asOf),
      startedAt: run.startedAt,
      finishedAt: run.finishedAt,
      seed: run.seed,
      version: run.version,
    },
    asOf: iso(run.asOf),
    filters: asked.entity ? { ...asked, entity: content.names.name(asked.entity) } : asked,
    masking: content.names.masked
      ? {
          masked: true,
          kinds: personalKinds,
          attributes: 'reserved keys only',
          method: 'HMAC-SHA-256 with the key of RINGFENCE_MASK_KEY, 16 hex digits after ~',
        }
      : { masked: false },
    counts: { rings: rings.length, ...(format.name === 'html' ? {} : { nodes, edges }), ...others },
    leftOut,
    parts,
  }
}

export type Manifest = ReturnType<typeof manifestOf>
