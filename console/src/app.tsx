/** The frame of every view: where one can go, how it looks, and who is signed in. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { session } from './api/session.js'
import { linkTo, type Place, usePlace } from './lib/address.js'
import { useKept } from './lib/kept.js'
import { SignIn } from './ui/sign-in.js'
import { CaseView } from './views/case.js'
import { CasesView } from './views/cases.js'
import { CompareView } from './views/compare.js'
import { DecisionsView } from './views/decisions.js'
import { EntityView } from './views/entity.js'
import { OverviewView } from './views/overview.js'
import { RingView } from './views/ring.js'
import { RingsView } from './views/rings.js'

const places = [
  ['', 'Overview'],
  ['rings', 'Rings'],
  ['entities', 'Entity'],
  ['cases', 'Cases'],
  ['decisions', 'Decisions'],
  ['compare', 'Compare'],
] as const

const viewOf = ({ path: [view, id], query }: Place) => {
  switch (view) {
    case undefined:
      return <OverviewView />
    case 'rings':
      return id === undefined ? <RingsView query={query} /> : <RingView key={id} id={id} query={query} />
    case 'entities':
      return <EntityView key={id ?? ''} name={id ?? null} query={query} />
    case 'cases':
      return id === undefined ? <CasesView query={query} /> : <CaseView key={id} id={id} />
    case 'decisions':
      return <DecisionsView />
    case 'compare':
      return <CompareView query={query} />
    default:
      return (
        <section>
          <h1>Nothing is here</h1>
          <p>
            This address names no view. <a href="#/">Back to the overview</a>
          </p>
        </section>
      )
  }
}

const themes = { auto: 'as the system', light: 'light', dark: 'dark' } as const
type Theme = keyof typeof themes

const Frame = ({ place }: { readonly place: Place }) => {
  const [theme, setTheme] = useKept<Theme>('ringfence.theme', 'auto')
  const [signedIn, setSignedIn] = useState(session.isSignedIn)
  useEffect(() => session.onChange(() => setSignedIn(session.isSignedIn)), [])
  useEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    // The picture is drawn with colours of its own.
    dispatchEvent(new Event('themechange'))
  }, [theme])
  return (
    <header class="bar">
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('main')?.focus()}>
        To the content
      </button>
      <a class="brand" href="#/">
        Ringfence
      </a>
      <nav aria-label="Views">
        {places.map(([path, title]) => (
          <a
            key={path}
            href={linkTo(path === '' ? [] : [path])}
            aria-current={(place.path[0] ?? '') === path ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <span class="spread" />
      <label class="theme">
        <span class="sr">Look</span>
        <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
          {Object.entries(themes).map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <a class="quiet" href="/docs" rel="noreferrer">
        API
      </a>
      {signedIn ? (
        <button type="button" class="plain" onClick={() => session.signOut()}>
          Sign out
        </button>
      ) : null}
    </header>
  )
}

export const App = () => {
  const place = usePlace()
  const main = useRef<HTMLElement>(null)
  const view = place.path.join('/')
  const first = useRef(true)
  // Focus moves with the view, not with its filters.
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true })
    if (!first.current) scrollTo(0, 0)
    first.current = false
  }, [view])
  return (
    <>
      <Frame place={place} />
      <main ref={main} id="main" tabIndex={-1}>
        {viewOf(place)}
      </main>
      <footer class="quiet">
        A ring is a lead, never a verdict: it says what was seen and how rare that is by chance. Times are UTC.
      </footer>
      <SignIn />
    </>
  )
}
