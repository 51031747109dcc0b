/** What this browser keeps for the person: never anything from the store but names of views and ids of runs. */
import { useState } from 'preact/hooks'

const read = <T>(storage: Storage, name: string, fallback: T): T => {
  try {
    const text = storage.getItem(name)
    return text === null ? fallback : (JSON.parse(text) as T)
  } catch {
    return fallback
  }
}

const write = (storage: Storage, name: string, value: unknown): void => {
  try {
    storage.setItem(name, JSON.stringify(value))
  } catch {
    // A browser that keeps nothing: it lasts as long as the page.
  }
}

export const useKept = <T>(name: string, fallback: T): readonly [T, (value: T) => void] => {
  const [value, setValue] = useState(() => read(localStorage, name, fallback))
  return [
    value,
    (next) => {
      setValue(next)
      write(localStorage, name, next)
    },
  ]
}

/** Text that somebody is typing: there again after a reload of the tab, and gone with it. */
export const useDraft = (name: string): readonly [string, (value: string) => void] => {
  const [value, setValue] = useState(() => read(sessionStorage, `ringfence.draft.${name}`, ''))
  return [
    value,
    (next) => {
      setValue(next)
      write(sessionStorage, `ringfence.draft.${name}`, next)
    },
  ]
}
