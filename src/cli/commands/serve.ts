/** `ringfence serve`: the HTTP service on a store. */
import type { Command } from 'commander'
import { RingfenceError } from '../../errors.js'
import { type Act, type Context, isService } from '../context.js'
import { port } from '../options.js'
import { DEFAULT_HOST, DEFAULT_PORT, serveUntilStopped, whereItListens } from '../serving.js'
import { withStore } from '../store.js'

interface ServeOptions {
  readonly host: string
  readonly port: number
}

const runServe = async (context: Context, options: ServeOptions): Promise<void> => {
  if (isService(context.store))
    throw new RingfenceError('usage', `${context.store} is a service already: give --store a file or a Neo4j server.`)
  await withStore(context, {}, (store) =>
    serveUntilStopped(context, store, options, async (server) => {
      const { address, keys } = server
      if (context.json) await context.result({ address, docs: `${address}/docs`, keys, store: store.location }, '')
      else context.say(`${whereItListens(server)}\nCtrl-C stops it.`)
    }),
  )
}

export const addServe = (program: Command, act: Act): void => {
  program
    .command('serve')
    .description(
      'Serves the API and its docs on a store, until Ctrl-C or SIGTERM. Without any API key only on this machine.',
    )
    .option('--host <host>', 'address to listen on', DEFAULT_HOST)
    .option('--port <n>', 'port; 0 takes any that is free', port, DEFAULT_PORT)
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence serve',
        '  ringfence serve --store neo4j://db:7687 --port 9000',
        '  ringfence keys create --role admin --name me && ringfence serve --host 0.0.0.0',
      ].join('\n'),
    )
    .action((options: ServeOptions, command: Command) => act(command, (context) => runServe(context, options)))
}
