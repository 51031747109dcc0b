/** The score of one entity at a time, as scoring all of them gives it, and what it would be after a change. */
import { kindOf, type Snapshot } from '../../graph/snapshot.js'
import type { RunWithRings } from '../../store/store.js'
import type { Backend } from '../backend.js'
import { calibrate, type Probability } from '../calibration/calibrate.js'
import { type Change, EntityFeatures } from '../features/product/entity-features.js'
import { FeatureSource } from '../features/product/product-features.js'
import { rangeOf, type ScoredKind } from '../features/product/sides.js'
import { placeParts } from '../product/labels.js'
import { marketsOf } from '../product/market.js'
import { alignGraph, productGraph } from '../product/product-graph.js'
import { checkFeatureList } from '../product/score-entities.js'
import { type KindModel, stackParts } from '../product/train-model.js'
import type { ProductModel } from '../registry/model-folder.js'
import { stackScores } from '../stack/stack.js'
import { type ReadNeighbours, SageNodes } from './sage-nodes.js'
import { heldMean, treesLogOdds } from './shares.js'

export interface ScorerInputs {
  readonly snapshot: Snapshot
  readonly rings: RunWithRings | null
  readonly model: Pick<ProductModel, 'labels' | 'models' | 'networks' | 'seed'>
  readonly backend: Backend
  readonly check?: () => void
  readonly progress?: (step: string, done: number) => void
}

/** What GraphSAGE reads of an entity. */
export interface SageReading {
  readonly kind: number
  readonly encoded: Float32Array
  /** The first layer before normalization, and after. */
  readonly mixed: readonly Float64Array[]
  readonly first: readonly Float64Array[]
  readonly neighbours: readonly ReadNeighbours[]
  readonly logOdds: number
}

export interface OneScore {
  /** One value a feature of the kind. */
  readonly row: Float32Array
  readonly sage: SageReading
  /** In the stack's order: what each part says. */
  readonly parts: readonly number[]
  readonly logOdds: number
}

export class EntityScorer {
  readonly features: EntityFeatures
  readonly nodes: SageNodes
  readonly #models: ReadonlyMap<ScoredKind, KindModel>
  readonly #unlabelled: ReadonlyMap<ScoredKind, readonly number[]>

  /** Takes as long as scoring all entities. Throws `model.features` and `model.later-run`. */
  constructor({ snapshot, rings, model, backend, check = () => {}, progress = () => {} }: ScorerInputs) {
    for (const each of model.models) checkFeatureList(each)
    const shared = { snapshot, rings, seed: model.seed, check }
    const source = new FeatureSource({ ...shared, progress: (step, done) => progress(step, 0.6 * done) })
    const graph = alignGraph(productGraph(snapshot, source, check), model.networks)
    progress('GraphSAGE', 0.6)
    this.nodes = new SageNodes(model.networks, graph, backend, check)
    const kinds = model.models.map(({ kind }) => kind)
    const labels = placeParts(snapshot, model.labels)
    this.features = new EntityFeatures(
      { ...shared, labels, progress: (step, done) => progress(step, 0.7 + 0.3 * done) },
      kinds,
    )
    this.#models = new Map(model.models.map((each) => [each.kind, each]))
    this.#unlabelled = new Map(kinds.map((kind) => [kind, this.features.unlabelled(kind)]))
  }

  get kinds(): readonly ScoredKind[] {
    return [...this.#models.keys()]
  }

  /** Null: the model has no scores of such a kind. */
  modelOf(entity: number): KindModel | null {
    return this.#models.get(kindOf(this.features.snapshot, entity) as ScoredKind) ?? null
  }

  /** The part that a labelled entity was held out with. */
  partOf(entity: number): number | null {
    const { labels } = this.features
    return labels === null || labels.fold === null || labels.label[entity]! < 0 ? null : labels.fold[entity]!
  }

  /** Those features that GraphSAGE reads, of all of an entity's. */
  unlabelled(entity: number): readonly number[] {
    return this.#unlabelled.get(kindOf(this.features.snapshot, entity) as ScoredKind)!
  }

  /** `whole`: the score without the change, whose parts that the change does not touch are used again. */
  score(entity: number, change: Change | null = null, whole: OneScore | null = null): OneScore {
    const model = this.modelOf(entity)!
    const part = this.partOf(entity)
    const row = this.features.row(entity, change)
    const sage = this.#read(entity, row, change, whole?.sage ?? null)
    const trees = treesLogOdds(model.ensembles, row, part)
    const matrix = { rows: 1, names: model.names, columns: model.names.map((_, j) => row.subarray(j, j + 1)) }
    const parts = stackParts(matrix, Float64Array.of(sage.logOdds), Float64Array.of(trees))
    return { row, sage, parts: parts.map(({ scores }) => scores[0]!), logOdds: stackScores(model.stack, parts)[0]! }
  }

  said(entity: number, logOdds: number): Probability {
    const { snapshot } = this.features
    const market = marketsOf(snapshot, { from: entity, to: entity + 1 })[0]!
    return calibrate(this.modelOf(entity)!.calibration, logOdds, snapshot.markets[market]!)
  }

  /** What neighbours read of the two stays as it is, as they are not scored anew. */
  #read(entity: number, row: Float32Array, change: Change | null, whole: SageReading | null): SageReading {
    const { snapshot } = this.features
    const name = kindOf(snapshot, entity)
    const kind = this.nodes.kindOf(name)
    const place = (of: number) => {
      const own = kindOf(snapshot, of)
      return { kind: this.nodes.kindOf(own), row: of - rangeOf(snapshot, own).from }
    }
    const without = change?.without === 'entity' ? place(change.entity) : null
    const encoded = this.nodes.encoded(
      kind,
      Float32Array.from(this.unlabelled(entity), (j) => row[j]!),
    )
    const own = place(entity)
    const all = whole?.neighbours ?? this.nodes.neighbours(kind, own.row)
    const neighbours = without === null ? all : this.nodes.neighboursWithout(own.row, all, without)
    const mixed =
      whole === null ? this.nodes.mixed(kind, encoded) : this.nodes.remixed(kind, whole.mixed, whole.encoded, encoded)
    const first = change === null ? this.nodes.firstOf(kind, own.row) : this.nodes.activated(kind, mixed)
    const logOdds = heldMean(this.nodes.logits(kind, first, neighbours), this.partOf(entity))
    return { kind, encoded, mixed, first, neighbours, logOdds }
  }
}
