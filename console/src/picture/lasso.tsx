/** A sheet over the picture on which a line is drawn around nodes. */
import { useRef, useState } from 'preact/hooks'
import type { Point } from './canvas.js'

/** Nearer points add nothing to the line. */
const LEAST_STEP = 3

export const Lasso = ({ done }: { readonly done: (line: readonly Point[]) => void }) => {
  const [line, setLine] = useState<readonly Point[]>([])
  const drawing = useRef(false)
  const at = (event: PointerEvent): Point => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  return (
    <svg
      class="lasso"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        drawing.current = true
        setLine([at(event)])
      }}
      onPointerMove={(event) => {
        if (!drawing.current) return
        const point = at(event)
        const last = line.at(-1)
        if (last && Math.hypot(point.x - last.x, point.y - last.y) < LEAST_STEP) return
        setLine([...line, point])
      }}
      onPointerUp={() => {
        drawing.current = false
        if (line.length > 2) done(line)
        setLine([])
      }}
    >
      <polygon points={line.map(({ x, y }) => `${x},${y}`).join(' ')} />
    </svg>
  )
}
