/**
 * The small language of mappings: text with columns in braces, such as `user:account-{account}`. Inside the braces the
 * column may be cut: `{account_id | before _}` is what stands before the first `_`, `{account_id | after _}` what follows
 * it, both empty where there is none. `{{` and `}}` are braces themselves.
 */
import { utf8 } from './bytes.js'

export interface Cut {
  readonly keep: 'before' | 'after'
  readonly at: string
}

export type TemplateToken = { readonly text: string } | { readonly column: string; readonly cuts: readonly Cut[] }

/** Thrown with a sentence on what is wrong; the mapping's loader adds the place. */
export class TemplateError extends Error {}

const CUT = /^(before|after)\s+(\S+)$/

const parsePlaceholder = (inside: string): TemplateToken => {
  const [name, ...filters] = inside.split(' | ')
  const column = name!.trim()
  if (column === '') throw new TemplateError('an empty {} names no column')
  return {
    column,
    cuts: filters.map((filter) => {
      const match = CUT.exec(filter.trim())
      if (!match)
        throw new TemplateError(`"${filter.trim()}" is no cut; write {${column} | before X} or {${column} | after X}`)
      return { keep: match[1] as Cut['keep'], at: match[2]! }
    }),
  }
}

export const parseTemplate = (source: string): readonly TemplateToken[] => {
  const tokens: TemplateToken[] = []
  let plain = ''
  const flush = () => {
    if (plain !== '') tokens.push({ text: plain })
    plain = ''
  }
  for (let i = 0; i < source.length; i++) {
    const character = source[i]!
    if ((character === '{' || character === '}') && source[i + 1] === character) {
      plain += character
      i++
    } else if (character === '{') {
      const close = source.indexOf('}', i)
      if (close < 0) throw new TemplateError(`a { is never closed in "${source}"`)
      flush()
      tokens.push(parsePlaceholder(source.slice(i + 1, close)))
      i = close
    } else if (character === '}') {
      throw new TemplateError(`a } was never opened in "${source}"`)
    } else {
      plain += character
    }
  }
  flush()
  return tokens
}

export const columnsOf = (tokens: readonly TemplateToken[]): readonly string[] =>
  tokens.flatMap((token) => ('column' in token ? [token.column] : []))

/** A template bound to the positions of columns in a row. */
export interface BoundPart {
  /** Position of the column, or -1 for constant text. */
  readonly column: number
  readonly text: Uint8Array
  /** Null on the common path, where the whole cell is meant. */
  readonly cuts: readonly { readonly before: boolean; readonly at: Uint8Array }[] | null
}

export interface BoundTemplate {
  readonly parts: readonly BoundPart[]
  /** As the mapping writes it. */
  readonly source: string
}

const NO_TEXT = new Uint8Array(0)

export const bindTemplate = (
  tokens: readonly TemplateToken[],
  source: string,
  position: (column: string) => number,
): BoundTemplate => ({
  source,
  parts: tokens.map((token) =>
    'text' in token
      ? { column: -1, text: utf8(token.text), cuts: null }
      : {
          column: position(token.column),
          text: NO_TEXT,
          cuts:
            token.cuts.length === 0
              ? null
              : token.cuts.map((cut) => ({ before: cut.keep === 'before', at: utf8(cut.at) })),
        },
  ),
})
