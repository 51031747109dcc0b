/** Filters and order of the table of rings under a name, kept by this browser. */
import { useState } from 'preact/hooks'
import { linkTo } from '../lib/address.js'
import { useKept } from '../lib/kept.js'

interface SavedView {
  readonly name: string
  readonly query: string
}

export const SavedViews = ({ query }: { readonly query: URLSearchParams }) => {
  const [views, setViews] = useKept<readonly SavedView[]>('ringfence.views', [])
  const [name, setName] = useState('')
  const save = (event: Event): void => {
    event.preventDefault()
    const title = name.trim()
    if (title === '') return
    setViews([...views.filter((each) => each.name !== title), { name: title, query: query.toString() }])
    setName('')
  }
  return (
    <fieldset class="saved">
      <legend>Saved views</legend>
      <ul class="inline">
        {views.map((view) => (
          <li key={view.name}>
            <a
              href={`${linkTo(['rings'])}${view.query === '' ? '' : `?${view.query}`}`}
              aria-current={view.query === query.toString() ? 'true' : undefined}
            >
              <bdi dir="auto">{view.name}</bdi>
            </a>
            <button type="button" class="tiny" onClick={() => setViews(views.filter((each) => each !== view))}>
              remove<span class="sr"> view {view.name}</span>
            </button>
          </li>
        ))}
      </ul>
      <form class="line" onSubmit={save}>
        <label>
          <span class="sr">Name of this view</span>
          <input
            value={name}
            maxLength={60}
            placeholder="Name of this view"
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Save</button>
      </form>
    </fieldset>
  )
}
