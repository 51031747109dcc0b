/** `ringfence migrate`: brings a store's tables to this version, or shows where they are. */
import type { Command } from 'commander'
import type { Act, Context } from '../context.js'
import { withStore } from '../store.js'
import { textTable } from '../table.js'

const runMigrate = async (context: Context, options: { readonly status?: boolean }): Promise<void> => {
  const only = options.status === true
  await withStore(context, { migrate: false, create: !only }, async (store) => {
    const migrations = only ? await store.migrationStatus() : await store.migrate()
    await context.result(
      { store: store.location, engine: store.engine, migrations },
      textTable(
        ['version', 'name', 'state', 'applied', 'checksum'],
        migrations.map((each) => [
          String(each.version),
          each.name,
          each.state,
          each.appliedAt ?? '',
          each.checksum.slice(0, 12),
        ]),
        [0],
      ),
    )
    // A changed migration is refused by every other command: a status that is not clean must not look clean to a script.
    if (migrations.some((each) => each.state === 'changed')) context.exit = 2
  })
}

export const addMigrate = (program: Command, act: Act): void => {
  program
    .command('migrate')
    .description(
      'Applies the migrations that are pending, each whole or not at all. Other commands do it by themselves when they open a store.',
    )
    .option('--status', 'only show what is applied and what is pending')
    .addHelpText('after', '\nExamples:\n  ringfence migrate --status\n  ringfence migrate --store neo4j://db:7687')
    .action((options: { status?: boolean }, command: Command) =>
      act(command, (context) => runMigrate(context, options)),
    )
}
