/**
 * The commands by name. Each is loaded when it is called, so that a small one does not wait for the libraries of a large one.
 */
import type { Command } from 'commander'
import type { Act } from './context.js'

export interface CommandEntry {
  readonly name: string
  /** For the list of commands. */
  readonly summary: string
  readonly load: () => Promise<(program: Command, act: Act) => void>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'a small simulated platform, its rings beside the planted truth, and the service',
    load: async () => (await import('./commands/demo.js')).addDemo,
  },
  {
    name: 'ingest',
    summary: 'load interactions and entities from files or standard input',
    load: async () => (await import('./commands/ingest.js')).addIngest,
  },
  {
    name: 'detect',
    summary: 'find the rings of what the store holds',
    load: async () => (await import('./commands/detect.js')).addDetect,
  },
  {
    name: 'rings',
    summary: 'list the rings of a run',
    load: async () => (await import('./commands/rings.js')).addRings,
  },
  {
    name: 'export',
    summary: 'write rings, the graph around an entity, or a run as files',
    load: async () => (await import('./commands/export.js')).addExport,
  },
  {
    name: 'verify',
    summary: "count a ring's facts again from what the store holds now",
    load: async () => (await import('./commands/verify.js')).addVerify,
  },
  {
    name: 'features',
    summary: 'list what the model reads of each entity',
    load: async () => (await import('./commands/features.js')).addFeatures,
  },
  {
    name: 'train',
    summary: 'train a model from labels, measured on rings held out whole',
    load: async () => (await import('./commands/train.js')).addTrain,
  },
  {
    name: 'score',
    summary: 'score entities by a model, or rank them by rings without one',
    load: async () => (await import('./commands/score.js')).addScore,
  },
  {
    name: 'model',
    summary: 'list models, make one champion, and see what has drifted',
    load: async () => (await import('./commands/model.js')).addModel,
  },
  {
    name: 'propagate',
    summary: 'spread risk from rings and labels over entities and domains',
    load: async () => (await import('./commands/risk.js')).addPropagate,
  },
  {
    name: 'risk',
    summary: 'the risk of an entity, by which paths it came, and what-if',
    load: async () => (await import('./commands/risk.js')).addRisk,
  },
  {
    name: 'forecast',
    summary: 'which ring comes to which domain next, and how far that is known',
    load: async () => (await import('./commands/forecast.js')).addForecast,
  },
  {
    name: 'serve',
    summary: 'serve the API and its docs',
    load: async () => (await import('./commands/serve.js')).addServe,
  },
  {
    name: 'simulate',
    summary: 'write a labelled synthetic ecosystem as files',
    load: async () => (await import('./commands/simulate.js')).addSimulate,
  },
  {
    name: 'migrate',
    summary: "apply the store's migrations, or show them",
    load: async () => (await import('./commands/migrate.js')).addMigrate,
  },
  {
    name: 'keys',
    summary: 'make, list and revoke API keys',
    load: async () => (await import('./commands/keys.js')).addKeys,
  },
  {
    name: 'jobs',
    summary: 'list jobs, show one, or cancel one',
    load: async () => (await import('./commands/jobs.js')).addJobs,
  },
  {
    name: 'schedules',
    summary: 'list, set, pause and remove what a service does by itself',
    load: async () => (await import('./commands/schedules.js')).addSchedules,
  },
  {
    name: 'labels',
    summary: 'decide on entities and rings, list decisions, take them back',
    load: async () => (await import('./commands/labels.js')).addLabelCommands,
  },
  {
    name: 'cases',
    summary: 'open, assign, comment and close light cases',
    load: async () => (await import('./commands/cases.js')).addCases,
  },
  {
    name: 'allow-list',
    summary: 'what detection is not to see',
    load: async () => (await import('./commands/allow-list.js')).addAllowList,
  },
  {
    name: 'quality',
    summary: 'how far deciders agree, and what each detector is worth',
    load: async () => (await import('./commands/quality.js')).addQuality,
  },
  {
    name: 'audit',
    summary: 'who did what, and whether the log is as it was written',
    load: async () => (await import('./commands/audit.js')).addAudit,
  },
  {
    name: 'doctor',
    summary: 'check that everything is there that it needs',
    load: async () => (await import('./commands/doctor.js')).addDoctor,
  },
]
