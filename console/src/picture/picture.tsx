/** The picture of a ring with what steers it: search, time, types, expanding. All of it in the address, and all of it by keyboard. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { graph as askGraph } from '../api/routes.js'
import type { RingGraph } from '../api/shapes.js'
import { changeQuery } from '../lib/address.js'
import { useLoad } from '../lib/use-load.js'
import { counted, whole } from '../lib/words.js'
import { Note, With } from '../ui/state.js'
import { PictureCanvas } from './canvas.js'
import { Chosen } from './chosen.js'
import { Lasso } from './lasso.js'
import { buildGraph, notShown, timesOf } from './model.js'
import { Legend, Search, Selected, TypeFilter } from './picture-controls.js'
import { TimeSlider } from './time-slider.js'

/** No place has more interactions: all are shown one by one, as far as the picture has room. */
const UNFOLDED = 100_000_000

const NOTHING: ReadonlySet<string> = new Set()

interface DrawnProps {
  readonly answer: RingGraph
  readonly query: URLSearchParams
  readonly fact: number | null
}

const useCanvas = (answer: RingGraph, select: (node: string | null) => void) => {
  const element = useRef<HTMLDivElement>(null)
  const [canvas, setCanvas] = useState<PictureCanvas | null>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  // A new answer is a new picture; nothing else is.
  useEffect(() => {
    if (!element.current) return
    const box = element.current
    const begin = performance.now()
    let made: PictureCanvas
    try {
      made = new PictureCanvas(box, buildGraph(answer), {
        select,
        placed: (done) => {
          if (done) box.dataset.settled = String(Math.round(performance.now() - begin))
        },
      })
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error))
      return
    }
    performance.mark('picture')
    const retheme = (): void => made.retheme()
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', retheme)
    addEventListener('themechange', retheme)
    setCanvas(made)
    return () => {
      dark.removeEventListener('change', retheme)
      removeEventListener('themechange', retheme)
      made.close()
      setCanvas(null)
    }
  }, [answer])
  return { element, canvas, wrong }
}

const Drawn = ({ answer, query, fact }: DrawnProps) => {
  const selected = query.get('node')
  const hidden = query.getAll('hide').join('\n')
  const times = useMemo(() => timesOf(answer), [answer])
  const asked = query.get('until')
  const [until, setUntil] = useState<number | null>(asked === null ? null : Date.parse(asked))
  const select = (node: string | null): void => changeQuery({ node })
  const { element, canvas, wrong } = useCanvas(answer, select)
  const hiddenTypes = useMemo(() => new Set(hidden === '' ? [] : hidden.split('\n')), [hidden])
  const [chosen, setChosen] = useState<ReadonlySet<string>>(NOTHING)
  const [drawing, setDrawing] = useState(false)
  // Another picture has other nodes.
  useEffect(() => setChosen(NOTHING), [answer])
  const known =
    selected !== null && (selected.startsWith('folded:') || answer.nodes.some(({ entity }) => entity === selected))
      ? selected
      : null
  useEffect(
    () => canvas?.show({ until, hiddenTypes, fact, selected: known, chosen }),
    [canvas, until, hiddenTypes, fact, known, chosen],
  )

  const onKey = (event: KeyboardEvent): void => {
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => canvas?.pan(-1, 0),
      ArrowRight: () => canvas?.pan(1, 0),
      ArrowUp: () => canvas?.pan(0, -1),
      ArrowDown: () => canvas?.pan(0, 1),
      '+': () => canvas?.zoom(0.75),
      '-': () => canvas?.zoom(1.33),
      '0': () => canvas?.reset(),
      Escape: () => {
        select(null)
        setChosen(NOTHING)
        setDrawing(false)
      },
    }
    const move = moves[event.key]
    if (!move || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    move()
  }
  const left = notShown(answer)
  const isUnfolded = query.get('crowded') === 'show'
  return (
    <>
      <div class="line">
        <Search
          nodes={answer.nodes}
          choose={(node) => {
            select(node)
            canvas?.lookAt(node)
          }}
        />
        <span class="buttons">
          <button type="button" onClick={() => canvas?.zoom(0.75)}>
            +<span class="sr"> nearer</span>
          </button>
          <button type="button" onClick={() => canvas?.zoom(1.33)}>
            −<span class="sr"> farther</span>
          </button>
          <button type="button" onClick={() => canvas?.reset()}>
            Whole
          </button>
          <button type="button" class="toggle" aria-pressed={drawing} onClick={() => setDrawing(!drawing)}>
            Lasso
          </button>
          <button type="button" onClick={() => canvas && setChosen(new Set(canvas.within(null)))}>
            Take all in view
          </button>
        </span>
      </div>
      {wrong === null ? null : (
        <Note>The picture cannot be drawn here ({wrong}). Everything in it is in the tables below.</Note>
      )}
      <div class="frame">
        <div
          ref={element}
          class="canvas"
          role="application"
          aria-label={`Picture of the ring: ${counted(answer.nodes.length, 'node')}, ${counted(answer.edges.length, 'edge')}. Arrow keys move it, plus and minus zoom, 0 shows all of it. The search finds single nodes.`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: moved and zoomed by keys
          tabIndex={0}
          onKeyDown={onKey}
        />
        {drawing ? (
          <Lasso
            done={(line) => {
              if (canvas) setChosen(new Set(canvas.within(line)))
              setDrawing(false)
            }}
          />
        ) : null}
      </div>
      <TimeSlider times={times} until={until} change={setUntil} untimed={answer.untimed} />
      <p class="shown" role="status">
        Shown: <b>{whole(answer.nodes.length)}</b> nodes, <b>{whole(answer.edges.length)}</b> edges.{' '}
        {left.length === 0 ? 'Nothing is left out.' : `Not shown: ${left.join('; ')}.`}{' '}
        {answer.folded.length > 0 || isUnfolded ? (
          <button type="button" class="tiny" onClick={() => changeQuery({ crowded: isUnfolded ? null : 'show' })}>
            {isUnfolded ? 'fold crowded places' : 'show crowded places'}
          </button>
        ) : null}
      </p>
      {chosen.size === 0 ? null : <Chosen answer={answer} names={chosen} clear={() => setChosen(NOTHING)} />}
      {known === null ? null : (
        <Selected name={known} answer={answer} choose={select} expanded={query.getAll('expand')} />
      )}
      <Legend answer={answer} />
      <TypeFilter answer={answer} hidden={hiddenTypes} />
    </>
  )
}

export const Picture = ({
  ring,
  query,
  fact,
}: {
  readonly ring: string
  readonly query: URLSearchParams
  readonly fact: number | null
}) => {
  const expand = query.getAll('expand')
  const maxShared = query.get('crowded') === 'show' ? UNFOLDED : null
  const loaded = useLoad(`graph ${ring} ${maxShared} ${expand.join('\n')}`, (request) =>
    askGraph(ring, { expand, maxShared }, request),
  )
  return (
    <With of={loaded} what="the picture">
      {(answer) => <Drawn answer={answer} query={query} fact={fact} />}
    </With>
  )
}
