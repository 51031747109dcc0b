/** The command `ringfence`: thin commands over the library, with exit codes 0, 1, 2, 3, 4 and 130. */
import { Command, CommanderError } from 'commander'
import { RingfenceError } from '../errors.js'
import { version } from '../version.js'
import { commands } from './commands.js'
import { type Act, DEFAULT_STORE, makeContext } from './context.js'
import { showError } from './terminal.js'

const EXIT_CANCELLED = 130

const buildProgram = async (args: readonly string[], act: Act): Promise<Command> => {
  const program = new Command('ringfence')
    .description(
      'Finds groups of accounts that act as one, says how sure it is and why. A ring is a lead, never a verdict.',
    )
    .version(version)
    .option(
      '--store <store>',
      `a DuckDB file, neo4j:// or bolt:// server, or http(s):// service (default: RINGFENCE_STORE, else ${DEFAULT_STORE})`,
    )
    .option('--json', 'exactly one line of JSON on standard output; everything else on standard error')
    .option('--quiet', 'no progress and no remarks')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      [
        '',
        'Exit codes: 0 done, 1 internal error, 2 unusable input or usage, 3 done with rejects or facts that do not hold, 4 too many rejects, 130 cancelled.',
        '',
        'Examples:',
        '  ringfence demo                                  a small world, its rings, and the service',
        '  ringfence ingest interactions.csv               load native records into ./ringfence.duckdb',
        '  ringfence detect && ringfence rings --members   find rings and list their members',
      ].join('\n'),
    )
  // What is not called is there for the list of commands only.
  for (const { name, summary, load } of commands)
    if (args.includes(name)) (await load())(program, act)
    else program.command(name).summary(summary)
  return program
}

/** Settings reach subcommands only when these are set before they are added; this sets them on all. */
const strictly = (command: Command): void => {
  command.exitOverride()
  command.showHelpAfterError(false)
  command.configureOutput({ writeErr: () => {} })
  command.configureHelp({ showGlobalOptions: true })
  for (const child of command.commands) strictly(child)
}

/** A command that only has commands of its own shows its help when none is named. */
const usageError = (error: CommanderError): RingfenceError =>
  error.code === 'commander.help'
    ? new RingfenceError('usage', 'A command is missing.')
    : new RingfenceError('usage', error.message.replace(/^error: /, '').replace(/([^.])$/, '$1.'))

/** Runs one command line and ends the process with its exit code. */
export const run = async (args: readonly string[]): Promise<void> => {
  const controller = new AbortController()
  const cancel = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_CANCELLED)
    controller.abort()
  }
  process.on('SIGINT', cancel)
  process.on('SIGTERM', cancel)
  // A reader that closes early, as head does, is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

  let exit = 0
  const act: Act = async (command, work) => {
    const context = makeContext(command, controller.signal)
    await work(context)
    exit = context.exit
  }
  const program = await buildProgram(args, act)
  strictly(program)
  try {
    if (args.length === 0) {
      process.stderr.write(program.helpInformation())
      exit = 2
    } else await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    const shown = error instanceof CommanderError
    if (shown && error.exitCode === 0) exit = 0
    else exit = await showError(shown ? usageError(error) : error, args.includes('--json'))
  }
  process.exit(exit)
}
