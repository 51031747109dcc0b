/**
 * What is shown, in the part of the address after #: `#/rings?behaviour=sybil`. A link opens the same view; browsers do not send this part,
 * so that ids of persons stay out of logs.
 */
import { useEffect, useState } from 'preact/hooks'

export interface Place {
  /** Decoded parts of the path. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

export type Change = Readonly<Record<string, string | readonly string[] | null>>

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export const readPlace = (hash: string): Place => {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) }
}

/** The link to a place; null and empty values are left out. */
export const linkTo = (path: readonly string[], query: Change = {}): string => {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const each of value === null || value === '' ? [] : [value].flat()) parameters.append(name, each)
  const text = parameters.toString()
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`
}

export const ringLink = (id: string, query: Change = {}): string => linkTo(['rings', id], query)
export const entityLink = (name: string, query: Change = {}): string => linkTo(['entities', name], query)

/** Changes parts of the query in place, without a step in the history: for filters and sliders. */
export const changeQuery = (change: Change): void => {
  const { path, query } = readPlace(location.hash)
  for (const [name, value] of Object.entries(change)) {
    query.delete(name)
    for (const each of value === null || value === '' ? [] : [value].flat()) query.append(name, each)
  }
  const text = query.toString()
  history.replaceState(history.state, '', `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

export const goTo = (link: string): void => {
  location.hash = link
}

export const usePlace = (): Place => {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const onChange = (): void => setHash(location.hash)
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return readPlace(hash)
}
