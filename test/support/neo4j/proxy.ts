/** A line to a server that a test can cut. */
import { createServer, connect as open, type Socket } from 'node:net'

export interface Proxy {
  readonly uri: string
  /** Ends all connections; new ones are taken. */
  cut(): void
  /** Whether the server seems gone: connections end, and new ones end at once. */
  vanish(isGone: boolean): void
  /**
   * The next transaction's COMMIT reaches the server, its answer does not reach the client: the connection ends instead. `cuts`
   * says how often that was so.
   */
  loseNextCommit(): void
  readonly cuts: number
  /** Takes no connection any more. */
  close(): Promise<void>
}

/** A Bolt message: a chunk of two bytes, a structure without fields and the signature of COMMIT, the end mark. */
const COMMIT = Buffer.from([0x00, 0x02, 0xb0, 0x12, 0x00, 0x00])

export const openProxy = async (uri: string): Promise<Proxy> => {
  const target = new URL(uri)
  const sockets = new Set<Socket>()
  let isArmed = false
  let cuts = 0
  let isGone = false
  const server = createServer((client) => {
    if (isGone) {
      client.destroy()
      return
    }
    const upstream = open(Number(target.port), target.hostname)
    let isDeaf = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data: Buffer) => {
      if (isArmed && data.includes(COMMIT)) {
        isArmed = false
        isDeaf = true
      }
      upstream.write(data)
    })
    upstream.on('data', (data: Buffer) => {
      if (!isDeaf) client.write(data)
      else {
        cuts++
        client.destroy()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    uri: `bolt://127.0.0.1:${address.port}`,
    cut,
    vanish(gone) {
      isGone = gone
      if (gone) cut()
    },
    loseNextCommit() {
      isArmed = true
    },
    get cuts() {
      return cuts
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        cut()
      }),
  }
}
