import { RingfenceError } from '../errors.js'
import { caseFile } from './case-file.js'
import type { ExportContent } from './content.js'
import { csv } from './csv.js'
import { cypher } from './cypher.js'
import { gexf } from './gexf.js'
import { graphml } from './graphml.js'
import { json } from './json.js'
import { parquet } from './parquet.js'
import type { ExportFormat } from './part.js'

export const exportFormats: readonly ExportFormat<ExportContent>[] = [
  graphml,
  gexf,
  csv,
  parquet,
  cypher,
  json,
  caseFile,
]
export const exportFormatNames = ['graphml', 'gexf', 'csv', 'parquet', 'cypher', 'json', 'html'] as const
export type ExportFormatName = (typeof exportFormatNames)[number]

/** Throws `usage` for a name that is none. */
export const formatNamed = (name: string): ExportFormat<ExportContent> => {
  const found = exportFormats.find((format) => format.name === name)
  if (!found) throw new RingfenceError('usage', `A format is one of ${exportFormatNames.join(', ')}, not ${name}.`)
  return found
}
