/** The service under kills, and one night of it as its client sees it. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressOf, type Running, start } from '../../e2e/cli-command.js'
import { asObject, type Night } from './nights.js'

const HEADER = 'id,type,actor,target,at,market,scenario,weight,attributes'

const stages = [
  { type: 'ingest', parameters: { files: ['*.csv'] } },
  { type: 'detect', parameters: { publish: false } },
  { type: 'score' },
  { type: 'propagate', parameters: { run: 'latest' } },
  { type: 'forecast', parameters: { run: 'latest' } },
  { type: 'publish' },
]

interface JobAnswer {
  readonly id: string
  readonly state: string
  readonly error: { readonly code: string; readonly detail: string } | null
  readonly result: { readonly stages: readonly { readonly result: Readonly<Record<string, string>> }[] } | null
}

/** The service, whichever process it is at the moment. */
export class KilledService {
  readonly #args: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  #address = ''
  #running: Running | null = null

  constructor(store: string, env: Readonly<Record<string, string>>) {
    this.#args = ['serve', '--store', store, '--port', '0']
    this.#env = env
  }

  /** `listening` rejects where the process ends before it listens. */
  start(): { readonly listening: Promise<void> } {
    this.#address = ''
    const running = start(this.#args, { env: this.#env, keepOpen: true })
    this.#running = running
    return {
      listening: addressOf(running).then((address) => {
        if (this.#running === running) this.#address = address
      }),
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.#address = ''
    this.#running!.child.kill(signal)
    await this.#running!.ended
  }

  /** Asks until something answers; what 5xx and broken lines mean is: ask again. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    for (;;) {
      try {
        if (this.#address === '') throw new Error('it is down')
        const answer = await fetch(`${this.#address}${path}`, {
          method,
          ...(body === undefined
            ? {}
            : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        })
        const content = await answer.json()
        if (answer.ok) return content as T
        if (answer.status < 500) throw new RangeError(`${method} ${path}: ${JSON.stringify(content)}`)
      } catch (error) {
        if (error instanceof RangeError) throw error
      }
      await sleep(20)
    }
  }
}

export interface NightResult {
  readonly job: string
  readonly ids: Readonly<Record<'run' | 'scoring' | 'propagation' | 'forecast', string>>
}

export const runNight = async (
  service: KilledService,
  inbox: string,
  night: number,
  { posted, filed }: Night,
  interrupted: (job: string) => void,
): Promise<NightResult> => {
  const name = `night-${String(night).padStart(4, '0')}.csv`
  writeFileSync(join(inbox, `.${name}`), `${[HEADER, ...filed].join('\n')}\n`)
  renameSync(join(inbox, `.${name}`), join(inbox, name))
  for (const part of posted) if (part.length > 0) await service.ask('POST', '/v1/interactions', part.map(asObject))
  const { id } = await service.ask<JobAnswer>('POST', '/v1/jobs', {
    type: 'pipeline',
    key: name,
    parameters: { stages },
  })
  for (;;) {
    const job = await service.ask<JobAnswer>('GET', `/v1/jobs/${id}`)
    if (job.state === 'done') {
      const result = (place: number) => job.result!.stages[place]!.result
      return {
        job: id,
        ids: {
          run: result(1).run!,
          scoring: result(2).scoring!,
          propagation: result(3).propagation!,
          forecast: result(4).forecast!,
        },
      }
    }
    if (job.state === 'failed') {
      if (job.error!.code !== 'job.interrupted') throw new Error(`${id}: ${JSON.stringify(job.error)}`)
      interrupted(id)
      await service.ask('POST', `/v1/jobs/${id}/retry`)
    }
    await sleep(50)
  }
}
