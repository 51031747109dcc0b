/** What routes work on. */
import type { ForecastDesk } from '../jobs/forecast-desk.js'
import type { JobRunner } from '../jobs/job-runner.js'
import type { LabelBook } from '../jobs/label-book.js'
import type { CurrentView } from '../jobs/read-view.js'
import type { RiskDesk } from '../jobs/risk-desk.js'
import type { ScoreDesk } from '../jobs/score-desk.js'
import type { GraphStore } from '../store/store.js'
import type { Masking } from './masking.js'

export interface Services {
  readonly store: GraphStore
  readonly current: CurrentView
  readonly jobs: JobRunner
  readonly masking: Masking
  readonly scores: ScoreDesk
  readonly risk: RiskDesk
  readonly forecasts: ForecastDesk
  readonly labels: LabelBook
}
