/**
 * A process of its own that serves a store: `node http-service.js PATH [LOGFILE]` prints the address, then runs until it is stopped.
 */
import { createWriteStream } from 'node:fs'
import { startServer } from '#src/server/server.js'
import { openStore } from '#src/store/open.js'

const [path, logFile] = process.argv.slice(2)
const store = await openStore(path!)
const logs = createWriteStream(logFile ?? '/dev/null')
const server = await startServer(store, { host: '127.0.0.1', port: 0, logs })
process.stdout.write(`${server.address}\n`)
process.once('SIGTERM', async () => {
  await server.close()
  await store.close()
})
