/** The drawn picture: sigma with our shapes, and what of it is shown, dimmed or marked. */
import { EdgeLineProgram, EdgeRectangleProgram } from 'sigma/rendering'
import type { Settings } from 'sigma/settings'
import type { EdgeFields, NodeFields, PictureGraph } from './fields.js'
import { type Look, nodeColour, readLook } from './look.js'
import { MovingSigma } from './moving-sigma.js'
import { ShapeProgram } from './shape-program.js'

export interface Shown {
  /** Epoch milliseconds; null: all of it. */
  readonly until: number | null
  readonly hiddenTypes: ReadonlySet<string>
  /** Position of a fact whose interactions are marked. */
  readonly fact: number | null
  readonly selected: string | null
  /** Taken together with the lasso; empty: none. */
  readonly chosen: ReadonlySet<string>
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Events {
  readonly select: (node: string | null) => void
  /** After each frame that was drawn with places of its own; `done` once the layout has settled. */
  readonly placed: (done: boolean) => void
}

/** Thin lines, which a graphics card without hardware draws too, from so many edges on. */
const MANY_EDGES = 3000
const PAN = 0.15

/** By the even-odd rule: how often a ray to the right crosses the line. */
const isInside = ({ x, y }: Point, line: readonly Point[]): boolean => {
  let inside = false
  line.forEach((a, i) => {
    const b = line[(i + line.length - 1) % line.length]!
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside
  })
  return inside
}

export class PictureCanvas {
  readonly #graph: PictureGraph
  readonly #sigma: MovingSigma
  readonly #worker: Worker
  readonly #element: HTMLElement
  #look: Look
  #shown: Shown = { until: null, hiddenTypes: new Set(), fact: null, selected: null, chosen: new Set() }
  /** Nodes with an edge that is shown, while time or types hide some. */
  #live: ReadonlySet<string> | null = null

  constructor(element: HTMLElement, graph: PictureGraph, events: Events) {
    this.#graph = graph
    this.#element = element
    this.#look = readLook(element)
    this.#sigma = new MovingSigma(graph, element, this.#settings())
    if (this.#isMany) this.#sigma.move()
    this.#sigma.on('clickNode', ({ node }) => events.select(node))
    this.#sigma.on('clickStage', () => events.select(null))
    this.#sigma.on('enterNode', () => element.classList.add('over'))
    this.#sigma.on('leaveNode', () => element.classList.remove('over'))
    this.#worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' })
    this.#layOut(events.placed)
  }

  get #isMany(): boolean {
    return this.#graph.size > MANY_EDGES
  }

  #settings(): Partial<Settings<NodeFields, EdgeFields>> {
    const many = this.#isMany
    return {
      nodeProgramClasses: { shape: ShapeProgram },
      edgeProgramClasses: { line: many ? EdgeLineProgram : EdgeRectangleProgram },
      defaultNodeType: 'shape',
      defaultEdgeType: 'line',
      labelFont: 'system-ui, sans-serif',
      labelSize: 11,
      labelColor: { color: this.#look.ink },
      labelDensity: 0.6,
      labelGridCellSize: 90,
      labelRenderedSizeThreshold: 5,
      // Thinner rectangles are drawn with gaps.
      minEdgeThickness: many ? 1 : 1.2,
      zIndex: true,
      stagePadding: 24,
      minCameraRatio: 0.02,
      maxCameraRatio: 4,
      allowInvalidContainer: true,
      enableCameraRotation: false,
      defaultDrawNodeHover: (context, data) => this.#drawHover(context, data),
      nodeReducer: (node, fields) => this.#node(node, fields),
      edgeReducer: (edge, fields) => this.#edge(edge, fields),
    }
  }

  #drawHover(
    context: CanvasRenderingContext2D,
    { x, y, size, label }: { x: number; y: number; size: number; label: string | null },
  ): void {
    context.font = '600 12px system-ui, sans-serif'
    const text = label ?? ''
    const width = context.measureText(text).width
    context.fillStyle = this.#look.panel
    context.strokeStyle = this.#look.quiet
    context.beginPath()
    context.roundRect(x + size + 3, y - 10, width + 12, 20, 4)
    context.fill()
    context.stroke()
    context.fillStyle = this.#look.ink
    context.fillText(text, x + size + 9, y + 4)
  }

  #node(node: string, fields: NodeFields) {
    const { selected, chosen } = this.#shown
    const isSelected = selected === node || chosen.has(node)
    const isNear = isSelected || (chosen.size === 0 && (selected === null || this.#graph.areNeighbors(node, selected)))
    const isLive = this.#live === null || fields.role !== null || this.#live.has(node)
    const colour = isNear ? nodeColour(fields.role, fields.kind, this.#look) : this.#look.faint
    return {
      ...fields,
      hidden: !isLive,
      color: colour,
      edgeColour: isSelected ? this.#look.accent : fields.role !== null && isNear ? this.#look.panel : colour,
      size: selected === node ? fields.size * 1.5 : fields.size,
      label: isNear ? fields.label : '',
      forceLabel: selected === node || fields.folded > 0,
      zIndex: isSelected ? 3 : fields.role !== null ? 2 : 1,
    }
  }

  #isShown({ kind, first }: EdgeFields): boolean {
    const { until, hiddenTypes } = this.#shown
    return !hiddenTypes.has(kind) && (until === null || first === null || first <= until)
  }

  #edge(edge: string, fields: EdgeFields) {
    const { fact, selected } = this.#shown
    const touches = selected === null || this.#graph.hasExtremity(edge, selected)
    const isEvidence = fact === null ? fields.facts.length > 0 : fields.facts.includes(fact)
    const isMarked = touches && (fact === null ? selected !== null : isEvidence)
    return {
      ...fields,
      hidden: !this.#isShown(fields),
      color: isMarked ? this.#look.accent : touches && isEvidence ? this.#look.edge : this.#look.faint,
      size: isMarked ? fields.size + 0.6 : fields.size,
      zIndex: isMarked ? 2 : isEvidence ? 1 : 0,
    }
  }

  #layOut(placed: Events['placed']): void {
    const nodes = this.#graph.nodes()
    const positions = new Map(nodes.map((node, position) => [node, position]))
    const places = new Float32Array(2 * nodes.length)
    nodes.forEach((node, position) => {
      const { x, y } = this.#graph.getNodeAttributes(node)
      places[2 * position] = x
      places[2 * position + 1] = y
    })
    const pairs = new Uint32Array(2 * this.#graph.size)
    let at = 0
    this.#graph.forEachEdge((_, __, source, target) => {
      pairs[at++] = positions.get(source)!
      pairs[at++] = positions.get(target)!
    })
    this.#worker.onmessage = ({ data }: MessageEvent<{ places: Float32Array; done: boolean }>) => {
      this.#graph.updateEachNodeAttributes(
        (node, fields) => {
          const position = positions.get(node)!
          return { ...fields, x: data.places[2 * position]!, y: data.places[2 * position + 1]! }
        },
        { attributes: ['x', 'y'] },
      )
      placed(data.done)
      if (data.done) this.#worker.terminate()
    }
    this.#worker.postMessage({ places, pairs })
  }

  show(shown: Shown): void {
    this.#shown = shown
    if (shown.until === null && shown.hiddenTypes.size === 0) this.#live = null
    else {
      const live = new Set<string>()
      this.#graph.forEachEdge((_, fields, source, target) => {
        if (this.#isShown(fields)) live.add(source).add(target)
      })
      this.#live = live
    }
    this.#sigma.refresh({ skipIndexation: false })
  }

  retheme(): void {
    this.#look = readLook(this.#element)
    this.#sigma.setSetting('labelColor', { color: this.#look.ink })
    this.#sigma.refresh()
  }

  /** Brings a node into the middle, near enough to read what is around it. */
  lookAt(node: string): void {
    const place = this.#sigma.getNodeDisplayData(node)
    if (place)
      this.#sigma.getCamera().setState({ x: place.x, y: place.y, ratio: Math.min(0.4, this.#sigma.getCamera().ratio) })
  }

  /** Nodes that are shown within a closed line, in pixels of the picture from its upper left; without one, within the picture. */
  within(line: readonly Point[] | null): readonly string[] {
    const { width, height } = this.#sigma.getDimensions()
    const edge = line ?? [
      { x: 0, y: 0 },
      { x: width, y: 0 },
      { x: width, y: height },
      { x: 0, y: height },
    ]
    return this.#graph.filterNodes((node) => {
      const place = this.#sigma.getNodeDisplayData(node)
      return place !== undefined && !place.hidden && isInside(this.#sigma.framedGraphToViewport(place), edge)
    })
  }

  zoom(factor: number): void {
    const camera = this.#sigma.getCamera()
    camera.setState({ ratio: camera.ratio * factor })
  }

  pan(across: number, down: number): void {
    const camera = this.#sigma.getCamera()
    camera.setState({ x: camera.x + across * PAN * camera.ratio, y: camera.y - down * PAN * camera.ratio })
  }

  reset(): void {
    this.#sigma.getCamera().setState({ x: 0.5, y: 0.5, ratio: 1, angle: 0 })
  }

  close(): void {
    this.#worker.terminate()
    this.#sigma.kill()
  }
}
