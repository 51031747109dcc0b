/** Errors of detection, rings, models, risk, jobs and decisions. */
import type { ErrorEntry } from './error-entry.js'

export const runsAndWork = {
  'label.unknown': {
    status: 404,
    exit: 2,
    title: 'Unknown label',
    advice: 'List the labels with ringfence labels list or GET /v1/labels.',
  },
  'label.conflict': {
    status: 409,
    exit: 2,
    title: 'Somebody else has decided',
    advice: 'Look at that decision; to decide all the same, send its id as after.',
  },
  'label.changed': {
    status: 409,
    exit: 2,
    title: 'The labels are not those that were estimated',
    advice: 'Ask for the estimate again, look at it, and send what it gives as seen with the same labels.',
  },
  'label.taken-back': {
    status: 409,
    exit: 2,
    title: 'The label was taken back already',
    advice: 'There is nothing to do; decide anew where another decision is wanted.',
  },
  'label.file': {
    status: 422,
    exit: 2,
    title: 'The file of labels cannot be read',
    advice:
      'Give a CSV file with the columns subject (kind:id or ring:id), label and reason; at, expires and evidence where known.',
  },
  'allow.conflict': {
    status: 409,
    exit: 2,
    title: 'Somebody has put this on the allow-list already',
    advice: 'See the entry that is told; to give it another end, take it off first.',
  },
  'allow.unknown': {
    status: 404,
    exit: 2,
    title: 'Unknown entry of the allow-list',
    advice: 'List the entries at GET /v1/allow-list; it may have been removed meanwhile.',
  },
  'case.unknown': { status: 404, exit: 2, title: 'Unknown case', advice: 'List the cases at GET /v1/cases.' },
  'case.conflict': {
    status: 409,
    exit: 2,
    title: 'Somebody else has changed the case',
    advice: 'Look at the case as it is now, and send the change again with its version.',
  },
  'case.full': {
    status: 422,
    exit: 2,
    title: 'The case has as many comments as it can hold',
    advice: 'Open another case on the same subject.',
  },
  'audit.broken': {
    status: 409,
    exit: 2,
    title: 'The audit log is not what was written',
    advice:
      'Keep a copy of the store as it is, and compare it with a backup from before the first place that is named.',
  },
  'ring.unknown': {
    status: 404,
    exit: 2,
    title: 'Unknown ring',
    advice: 'List the rings of the latest run, or name the run that had it.',
  },
  'run.unknown': {
    status: 404,
    exit: 2,
    title: 'Unknown run',
    advice: 'List the runs; without --run the latest finished run is used.',
  },
  'run.none': { status: 409, exit: 2, title: 'There is no finished run yet', advice: 'Run ringfence detect first.' },
  'export.target': {
    status: 409,
    exit: 2,
    title: 'The path is not free for an export',
    advice: 'Name a path that is not there yet, or one that an export of the same format may replace.',
  },
  'export.write': {
    status: 507,
    exit: 2,
    title: 'The export cannot be written',
    advice: 'Check that the folder is there, may be written and has room; no part of the export is left.',
  },
  'export.too-large': {
    status: 413,
    exit: 2,
    title: 'The export is larger than may be kept',
    advice: 'Export fewer rings at once, or raise RINGFENCE_EXPORTS_LIMIT_MB of the service.',
  },
  'export.unknown': {
    status: 404,
    exit: 2,
    title: 'Unknown export',
    advice: 'It may have been removed after its time: start it again. GET /v1/jobs lists the jobs.',
  },
  'job.unknown': { status: 404, exit: 2, title: 'Unknown job', advice: 'List the jobs at /v1/jobs.' },
  'job.cancelled': {
    status: 409,
    exit: 130,
    title: 'The job was cancelled',
    advice: 'Start it again when wanted; nothing was written.',
  },
  'job.running': {
    status: 409,
    exit: 2,
    title: 'Another job of this kind is running',
    advice: 'Wait for it or cancel it.',
  },
  'job.memory': {
    status: 422,
    exit: 2,
    title: 'The job would not fit in memory',
    advice: 'Raise --memory-limit, or narrow the job with --as-of or --detectors.',
  },
  'model.unknown': {
    status: 404,
    exit: 2,
    title: 'Unknown model',
    advice: 'List the models with ringfence model list; ringfence train registers one.',
  },
  'model.none': {
    status: 409,
    exit: 2,
    title: 'There is no model to score with',
    advice: 'Train one with ringfence train and promote it, or name a folder in RINGFENCE_MODEL or --model.',
  },
  'model.kind': {
    status: 409,
    exit: 2,
    title: 'The model has no scores of this kind',
    advice: 'Its card says of which kinds it has; a kind needs ten known bad and ten known good to be learned.',
  },
  'model.conflict': {
    status: 409,
    exit: 2,
    title: 'The models were changed meanwhile',
    advice: 'Look at ringfence model list, and ask again if it is still wanted.',
  },
  'model.state': {
    status: 409,
    exit: 2,
    title: 'The state of the model does not allow this',
    advice: 'See ringfence model list for the states, and ringfence model promote to make another one champion.',
  },
  'model.missing': {
    status: 409,
    exit: 2,
    title: 'The folder of the model is not there',
    advice:
      'Put the folder back, set RINGFENCE_MODELS to where the models are, or make another model champion: ringfence model rollback, or promote.',
  },
  'model.changed': {
    status: 409,
    exit: 2,
    title: 'The folder of the model is not as it was registered',
    advice: 'Put the folder back as it was, or make another model champion: ringfence model rollback, or promote.',
  },
  'model.number': {
    status: 500,
    exit: 1,
    title: 'A model gave a score that is no number',
    advice: 'Make another model champion with ringfence model rollback, and report the model with its card.',
  },
  'model.later-run': {
    status: 422,
    exit: 2,
    title: 'The rings are of a later time than the features',
    advice: 'Name a run whose time (detect --as-of) is not after the time of scoring, or leave rings out.',
  },
  'model.few-labels': {
    status: 422,
    exit: 2,
    title: 'There are too few labels to learn from',
    advice: 'Give ten known bad and ten known good of a kind at least, in three rings or groups or more.',
  },
  'model.features': {
    status: 422,
    exit: 2,
    title: 'The model was trained on other features',
    advice: 'Train again with this version, or score with the version that trained the model.',
  },
  'model.folder': {
    status: 409,
    exit: 2,
    title: 'The folder is not free for a model',
    advice: 'Name a folder that is not there yet, is empty, or holds a model that may be replaced.',
  },
  'model.labels': {
    status: 422,
    exit: 2,
    title: 'The file of labels cannot be read',
    advice:
      'Give a CSV file with the columns entity (kind:id) and label (1 bad, 0 good), and at and group where known.',
  },
  'model.one-class': {
    status: 422,
    exit: 2,
    title: 'All labels are of one class',
    advice: 'Give at least one label of each class, in training as in what is measured: both known bad and known good.',
  },
  'model.table': {
    status: 422,
    exit: 2,
    title: 'The node table cannot be learned from',
    advice: 'Give label and splits in the mapping, labels 1, 0 or empty, and split cells train, val, test or empty.',
  },
  'model.format': {
    status: 422,
    exit: 2,
    title: 'The stored model cannot be read',
    advice: 'Use a model that this version wrote, or train again.',
  },
  'risk.domains': {
    status: 422,
    exit: 2,
    title: 'There are more domains than can be told apart',
    advice: 'Check that market holds a country or region, not another column.',
  },
  'risk.domain': {
    status: 404,
    exit: 2,
    title: 'Unknown domain',
    advice:
      'Name one as scenario/market, such as content/US; ringfence risk without --domain lists those of the entity.',
  },
  'risk.divergent': {
    status: 422,
    exit: 2,
    title: 'The couplings would not converge',
    advice: 'Lower the share that is passed on (below 0.9), or leave out --strict to have it scaled down and told.',
  },
  'forecast.none': {
    status: 409,
    exit: 2,
    title: 'There is no forecast yet',
    advice: 'Run ringfence forecast, or start a job of type forecast.',
  },
  'forecast.changed': {
    status: 409,
    exit: 1,
    title: 'Other forecasts were written at the same time',
    advice: 'Start it again; nothing of it was written.',
  },
  'risk.none': {
    status: 409,
    exit: 2,
    title: 'Risk was not propagated for this run',
    advice: 'Run ringfence propagate, or start a job of type propagate.',
  },
  'job.interrupted': {
    status: 500,
    exit: 1,
    title: 'The job was started several times and never reached its end',
    advice:
      'Look into its log for what stops it, such as memory; then retry it. What was not finished has written nothing.',
  },
  'webhook.unknown': { status: 404, exit: 2, title: 'Unknown webhook', advice: 'List the webhooks at /v1/webhooks.' },
  'webhook.delivery': {
    status: 404,
    exit: 2,
    title: 'No such delivery that has ended',
    advice: 'List the deliveries of the webhook; what still waits is sent by itself.',
  },
  'webhook.address': {
    status: 400,
    exit: 2,
    title: 'Webhooks may not go there',
    advice:
      'Use https and a host that RINGFENCE_WEBHOOK_HOSTS allows; RINGFENCE_WEBHOOK_PRIVATE=yes lets them into private networks.',
  },
  'webhook.secret': {
    status: 409,
    exit: 2,
    title: 'Webhooks are off',
    advice: 'Set RINGFENCE_WEBHOOK_SECRET (32 characters or more) and start the service again.',
  },
  'schedule.unknown': {
    status: 404,
    exit: 2,
    title: 'Unknown schedule',
    advice: 'List the schedules at /v1/schedules.',
  },
  'schedule.invalid': {
    status: 400,
    exit: 2,
    title: 'The schedule makes no sense',
    advice:
      'A cron line has five fields (minute, hour, day, month, weekday) or six with seconds first; the time zone is an IANA name.',
  },
  'schedule.never': {
    status: 400,
    exit: 2,
    title: 'The schedule would never be due',
    advice: 'Look for a day that no month has, or a year that is over.',
  },
  'job.lost': {
    status: 409,
    exit: 1,
    title: 'Another process runs the job now',
    advice: 'Nothing to do: this start of it has written nothing, the other one goes on.',
  },
  'job.timeout': {
    status: 504,
    exit: 1,
    title: 'The job took longer than it may',
    advice: 'Give it more time, or narrow it; nothing was written.',
  },
  'model.backend': {
    status: 503,
    exit: 2,
    title: 'TensorFlow.js does not work here',
    advice:
      'Run npm ci again; leave RINGFENCE_TENSORFLOW unset to take whichever backend works, and see ringfence doctor.',
  },
  'detector.unknown': {
    status: 400,
    exit: 2,
    title: 'Unknown detector',
    advice: 'The detectors are listed at /v1/detectors and by ringfence detect --help.',
  },
  'detector.parameter': {
    status: 400,
    exit: 2,
    title: 'A parameter of a detector is out of its bounds',
    advice: 'See the bounds in docs/detectors.md.',
  },
  'worker.failed': {
    status: 500,
    exit: 1,
    title: 'A worker thread ended unexpectedly',
    advice: 'Look up the run id in the log; the job can be started again.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
