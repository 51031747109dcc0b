/** A webhook's receiver that checks signatures, is down now and then, and keeps what it took. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sign, webhookSecret } from '#src/jobs/webhooks/signature.js'
import { Random } from '#src/kernels/random.js'

export const SECRET = 'a secret of the service, for tests only'
const REFUSED_ONE_IN = 20

export interface Receiver {
  readonly host: string
  /** By id, the bodies that came under it. */
  readonly got: ReadonlyMap<string, Set<string>>
  close(): void
}

export const openReceiver = async (seed: number): Promise<Receiver> => {
  const random = new Random(seed)
  const got = new Map<string, Set<string>>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const id = String(request.headers['ringfence-id'])
    const stamp = Number(request.headers['ringfence-timestamp'])
    const isOurs = request.headers['ringfence-signature'] === sign(webhookSecret(SECRET, 'nights'), id, stamp, body)
    if (!isOurs || random.below(REFUSED_ONE_IN) === 0) {
      response.writeHead(503).end()
      return
    }
    got.set(id, (got.get(id) ?? new Set()).add(body))
    response.end()
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
