/** The service as a Fastify instance: plugins first, then what every branch shares, then the routes. Starts nothing. */
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, {
  type FastifyContextConfig,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import { limits } from '../../graph-schema/schema.js'
import { type KeyRole, keyRoles } from '../jobs/api-keys.js'
import { ForecastDesk } from '../jobs/forecast-desk.js'
import { JobRunner } from '../jobs/job-runner.js'
import { LabelBook } from '../jobs/label-book.js'
import { CurrentView } from '../jobs/read-view.js'
import { RiskDesk } from '../jobs/risk-desk.js'
import { ScoreDesk } from '../jobs/score-desk.js'
import { modelSource } from '../jobs/served-model.js'
import { watchedStore } from '../jobs/watched-store.js'
import type { GraphStore } from '../store/store.js'
import { version } from '../version.js'
import { Masking } from './masking.js'
import { Metrics } from './metrics.js'
import { auth } from './plugins/auth.js'
import { readBodiesStrictly } from './plugins/bodies.js'
import { consolePages } from './plugins/console.js'
import { problems, sendProblem } from './plugins/problems.js'
import { readLog } from './plugins/read-log.js'
import { stopping } from './plugins/stopping.js'
import { allowListRoutes } from './routes/allow-list.js'
import { auditRoutes } from './routes/audit.js'
import { caseRoutes } from './routes/cases.js'
import { entityRoutes } from './routes/entities.js'
import { exportRoutes } from './routes/exports.js'
import { forecastRoutes } from './routes/forecasts.js'
import { healthRoutes } from './routes/health.js'
import { jobRoutes } from './routes/jobs.js'
import { keyRoutes } from './routes/keys.js'
import { labelRoutes } from './routes/labels.js'
import { leadRoutes } from './routes/leads.js'
import { modelRoutes } from './routes/models.js'
import { qualityRoutes } from './routes/quality.js'
import { recordRoutes } from './routes/records.js'
import { ringChangeRoutes } from './routes/ring-changes.js'
import { ringGraphRoutes } from './routes/ring-graph.js'
import { ringLifeRoutes } from './routes/ring-lives.js'
import { ringRoutes } from './routes/rings.js'
import { riskRoutes } from './routes/risk.js'
import { scheduleRoutes } from './routes/schedules.js'
import { scoreRoutes } from './routes/scores.js'
import { sessionRoutes } from './routes/session.js'
import { webhookRoutes } from './routes/webhooks.js'
import type { Services } from './services.js'
import type { ServerSettings } from './settings.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Who may call what, by method and address as in `GET /v1/runs/:id`. */
    rolesByRoute: Map<string, readonly KeyRole[] | 'public'>
  }
}

export interface App {
  readonly http: FastifyInstance
  readonly services: Services
}

/** Percent-encoding makes three characters of a byte. */
const PARAMETER_LENGTH = 3 * limits.idBytes

/** Never in a log, wherever they stand. */
const redact = {
  paths: ['req.headers.authorization', 'req.headers.cookie', '*.password', '*.key', '*.apiKey', '*.hash'],
  censor: '[redacted]',
}

/** What a route that names no role is for, too; in the order of the roles. */
const rolesTold = (roles: FastifyContextConfig['roles']): readonly KeyRole[] | 'public' =>
  roles === 'public' ? roles : keyRoles.filter((role) => (roles ?? ['admin']).includes(role))

export const buildApp = async (
  ownStore: GraphStore,
  settings: ServerSettings,
  destination?: NodeJS.WritableStream,
): Promise<App> => {
  const logger: FastifyServerOptions['logger'] = {
    level: settings.logLevel,
    redact,
    ...(destination ? { stream: destination } : {}),
  }
  const http = fastify({
    logger,
    bodyLimit: settings.bodyLimit,
    trustProxy: settings.trustedProxies.length === 0 ? false : [...settings.trustedProxies],
    routerOptions: { maxParamLength: PARAMETER_LENGTH },
    // One line an answer, with the route instead of the address: ids of persons stay out of logs.
    logController: new LogController({ disableRequestLogging: true }),
    // Before any route is found, such as for an address that is not percent-encoded UTF-8.
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    ajv: { customOptions: { coerceTypes: true, removeAdditional: false, allErrors: false, discriminator: true } },
  }).withTypeProvider<TypeBoxTypeProvider>()

  // What records bring is taken into risk, whoever of this process writes them.
  const store = watchedStore(ownStore, (batch, result) => risk.arrived(batch, result))
  const current = new CurrentView(store)
  const jobs = new JobRunner(store, current, { leaseMs: settings.leaseSeconds * 1000 })
  const scores = new ScoreDesk(current, modelSource(store))
  const risk: RiskDesk = new RiskDesk(store, current, settings.liveRisk)
  const masking = new Masking(settings.maskKey)
  const forecasts = new ForecastDesk(store)
  // Who made one sees it at once; what another process made is seen a little later.
  jobs.onEnd(() => forecasts.askAgain())
  const services: Services = { store, current, jobs, masking, scores, risk, forecasts, labels: new LabelBook(store) }
  const metrics = new Metrics(services)
  jobs.onFault((job, error) =>
    http.log.error({ job, err: error }, job === null ? 'Jobs cannot be taken up' : 'A job met an error'),
  )

  // Answers are data, never pages: one short policy in place of a list that is made anew for each. The documentation has its own.
  await http.register(helmet, { global: true, contentSecurityPolicy: false, strictTransportSecurity: false })
  http.addHook('onRequest', async (_request, reply) => {
    reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  })
  await http.register(rateLimit, {
    max: settings.rateLimit,
    timeWindow: '1 minute',
    // It runs after the key was checked, so that made-up keys do not each get a limit of their own.
    keyGenerator: (request) => request.caller?.key ?? request.ip,
  })
  await http.register(stopping, { jobs })
  http.addHook('onClose', async () => scores.close())
  http.addHook('onClose', async () => risk.close())
  await http.register(problems)
  readBodiesStrictly(http)
  await http.register(auth, {
    store,
    failureLimit: settings.authFailureLimit,
    session: settings.session,
    failed: (reason) => metrics.authFailed(reason),
  })
  await http.register(readLog, { store })
  await http.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Ringfence',
        version,
        description: 'Rings of organized behaviour, with evidence. A ring is a lead, never a verdict.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'ringfence-session' },
        },
      },
      security: [{ key: [] }, { session: [] }],
    },
    transform: ({ schema, url, route }) => {
      const { roles } = (route.config ?? {}) as FastifyContextConfig
      return { schema: { ...schema, 'x-roles': rolesTold(roles) }, url }
    },
  })
  http.decorate('rolesByRoute', new Map())
  http.addHook('onRoute', (route) => {
    // The pages of the documentation hold nothing of the store.
    const isDocumentation = /^\/docs(\/|$)/.test(route.url)
    if (isDocumentation) route.config = { ...route.config, roles: 'public' }
    const { roles } = (route.config ?? {}) as FastifyContextConfig
    for (const method of [route.method].flat())
      if (!isDocumentation && method !== 'HEAD') http.rolesByRoute.set(`${method} ${route.url}`, rolesTold(roles))
  })
  await http.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })

  http.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    metrics.observe(request.method, route, reply.statusCode, reply.elapsedTime / 1000)
    request.log.info(
      {
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 100) / 100,
        caller: request.caller?.key ?? undefined,
        run: current.view.run?.id,
      },
      'answered',
    )
  })

  await http.register(healthRoutes(services, metrics))
  await http.register(
    async (v1) => {
      await v1.register(recordRoutes(services))
      await v1.register(ringRoutes(services))
      await v1.register(leadRoutes(services))
      await v1.register(ringLifeRoutes(services))
      await v1.register(ringGraphRoutes(services))
      await v1.register(ringChangeRoutes(services))
      await v1.register(exportRoutes(services))
      await v1.register(entityRoutes(services))
      await v1.register(scoreRoutes(services))
      await v1.register(riskRoutes(services))
      await v1.register(forecastRoutes(services))
      await v1.register(jobRoutes(services))
      await v1.register(scheduleRoutes(services))
      await v1.register(webhookRoutes(services, settings))
      await v1.register(keyRoutes(services))
      await v1.register(sessionRoutes(services))
      await v1.register(modelRoutes(services))
      await v1.register(labelRoutes(services))
      await v1.register(auditRoutes(services))
      await v1.register(allowListRoutes(services))
      await v1.register(qualityRoutes(services))
      await v1.register(caseRoutes(services))
    },
    { prefix: '/v1' },
  )
  await http.register(consolePages)
  http.get('/openapi.json', { config: { roles: 'public' }, schema: { hide: true } }, async () => http.swagger())
  return { http, services }
}
