/**
 * Sigma that moves what it has drawn while the camera moves, as maps do, and draws anew a few times a second and once it rests. Drawing ten thousand
 * lines without a graphics card takes longer than a frame, and putting layers over each other takes most of one: what moves is a copy of all of them
 * in one. Until it is drawn anew, what comes in from the side is blank and what comes nearer is blurred.
 */
import Sigma from 'sigma'
import type { CameraState } from 'sigma/types'
import type { EdgeFields, NodeFields } from './fields.js'

/** Drawing anew this often takes a fifth of the time where it takes 50 ms. */
const ANEW_MS = 250
/** Without a step for so long it rests. */
const REST_MS = 150

/** In the order in which they lie over each other. */
const LAYERS = ['edges', 'nodes', 'labels'] as const

const isSame = (a: CameraState, b: CameraState): boolean =>
  a.x === b.x && a.y === b.y && a.ratio === b.ratio && a.angle === b.angle

export class MovingSigma extends Sigma<NodeFields, EdgeFields> {
  #drawn: CameraState | null = null
  #copy: HTMLCanvasElement | null = null
  #isMoving = false
  #anew: ReturnType<typeof setTimeout> | undefined
  #rest: ReturnType<typeof setTimeout> | undefined

  /** Only what is large enough gains by it. */
  move(): void {
    this.on('afterRender', () => {
      this.#drawn = this.getCamera().getState()
      // What a card has drawn can be copied in the same turn alone.
      if (this.#isMoving) this.#takeCopy()
    })
    this.on('kill', () => {
      clearTimeout(this.#anew)
      clearTimeout(this.#rest)
    })
  }

  override scheduleRender(): this {
    // Called by the constructor too, before there is any field.
    if (!(#drawn in this) || this.#drawn === null) return super.scheduleRender()
    const now = this.getCamera().getState()
    if (isSame(this.#drawn, now)) return this.#isMoving ? this : super.scheduleRender()
    if (this.#isMoving) this.#moveCopy(this.#drawn, now)
    else {
      this.#isMoving = true
      this.#draw()
    }
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => this.#stop(), REST_MS)
    this.#anew ??= setTimeout(() => {
      this.#anew = undefined
      if (this.#isMoving) this.#draw()
    }, ANEW_MS)
    return this
  }

  /** Now, with what it knows of nodes and edges. */
  #draw(): void {
    this.refresh({ partialGraph: { nodes: [], edges: [] }, skipIndexation: true, schedule: false })
  }

  #takeCopy(): void {
    const canvases = this.getCanvases()
    const { width, height } = canvases.nodes!
    if (this.#copy === null) {
      this.#copy = document.createElement('canvas')
      this.#copy.className = 'sigma-copy'
      canvases.mouse!.before(this.#copy)
    }
    const copy = this.#copy
    if (copy.width !== width || copy.height !== height) {
      copy.width = width
      copy.height = height
      copy.style.width = canvases.nodes!.style.width
      copy.style.height = canvases.nodes!.style.height
    }
    const context = copy.getContext('2d')!
    context.clearRect(0, 0, width, height)
    for (const name of LAYERS) context.drawImage(canvases[name]!, 0, 0)
    copy.style.transform = ''
    this.#show(true)
  }

  /** Where the corners of the drawn picture are by now; it is never turned. */
  #moveCopy(drawn: CameraState, now: CameraState): void {
    const { width, height } = this.getDimensions()
    const corner = (x: number, y: number) =>
      this.framedGraphToViewport(this.viewportToFramedGraph({ x, y }, { cameraState: drawn }), { cameraState: now })
    const from = corner(0, 0)
    const to = corner(width, height)
    if (this.#copy) this.#copy.style.transform = `translate(${from.x}px, ${from.y}px) scale(${(to.x - from.x) / width})`
  }

  #show(isCopy: boolean): void {
    const canvases = this.getCanvases()
    for (const name of LAYERS) canvases[name]!.style.display = isCopy ? 'none' : ''
    if (this.#copy) this.#copy.style.display = isCopy ? '' : 'none'
  }

  #stop(): void {
    this.#isMoving = false
    this.#show(false)
    this.#draw()
  }
}
