/**
 * PostgreSQL with the DocumentDB extension, from a newer Debian than the one it runs on: it has a
 * root folder of its own and is run inside it by chroot. The mounts it needs are made in a private
 * mount name space (`unshare --mount`), so they end with the process and never have to be undone.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, mustRun } from '../command.ts'
import { pathExists } from '../files.ts'
import type { StackPaths } from '../paths.ts'
import { postgresAnswers } from '../probes.ts'
import { VERSIONS } from './programs.ts'
import type { LocalServer, ServerCommand, ServerContext } from './server.ts'

const PROGRAMS = `/usr/lib/postgresql/${VERSIONS.postgres}/bin`
/** Where the data folder appears inside the root. */
const DATA_INSIDE = '/srv'
const CLUSTER_INSIDE = `${DATA_INSIDE}/cluster`

/** $1 root, $2 data folder, then the command to run inside. */
const ENTER_ROOT = `set -e
root=$1 data=$2
shift 2
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$data" "$root${DATA_INSIDE}"
cd /
exec chroot "$@"`

/** The database behind FerretDB. */
export const postgresServer: LocalServer = {
  name: 'postgres',
  needs: [],
  ports: ['postgres'],
  address: (ports) => `postgres://postgres@127.0.0.1:${ports.postgres}/postgres`,
  program: 'postgres',
  workDir: (paths) => join(dataDir(paths), 'cluster'),
  command: (context) => inRoot(context, [`${PROGRAMS}/postgres`, ...serverArguments(context)]),
  prepare,
  answers: (ports) => postgresAnswers({ host: '127.0.0.1', port: ports.postgres }),
  finish: createExtension,
  // "Fast shutdown": ends sessions and writes a checkpoint.
  stopSignal: 'SIGINT'
}

function serverArguments(context: Pick<ServerContext, 'ports'>): string[] {
  const settings = {
    port: context.ports.postgres,
    listen_addresses: '127.0.0.1',
    // Only FerretDB comes in, and by TCP.
    unix_socket_directories: '',
    shared_preload_libraries: 'pg_cron,pg_documentdb_core,pg_documentdb',
    'cron.database_name': 'postgres',
    // pg_cron builds indexes and expires documents; as workers its jobs need no log-in of their own.
    'cron.use_background_workers': 'on',
    // pg_cron logs each of its jobs, several a minute, for ever.
    'cron.log_run': 'off',
    'cron.log_statement': 'off',
    // Compiling a query costs more than any of our small queries takes.
    jit: 'off'
  }
  return [
    '-D',
    CLUSTER_INSIDE,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  ]
}

/** Makes the cluster under another name first: an interrupted initdb leaves a useless folder. */
async function prepare(context: ServerContext): Promise<void> {
  const data = dataDir(context.paths)
  await mkdir(data, { recursive: true })
  if (await pathExists(join(data, 'cluster'))) {
    return
  }
  const partial = `${DATA_INSIDE}/cluster.partial`
  const script = `set -e
rm -rf ${partial}
${PROGRAMS}/initdb -D ${partial} -U postgres -E UTF8 --locale=C.UTF-8 -A trust
mv ${partial} ${CLUSTER_INSIDE}`
  await mustRun(
    'Giving the data folder of PostgreSQL to its user',
    asCommand(inRoot(context, ['chown', 'postgres:postgres', DATA_INSIDE], 'root'))
  )
  await mustRun(
    'Making the data folder of PostgreSQL',
    asCommand(inRoot(context, ['sh', '-c', script]))
  )
}

async function createExtension(context: ServerContext): Promise<void> {
  await mustRun(
    'Creating the DocumentDB extension',
    asCommand(
      inRoot(context, [
        ...[`${PROGRAMS}/psql`, '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1'],
        ...['--host=127.0.0.1', `--port=${context.ports.postgres}`, '--username=postgres'],
        ...['--command=create extension if not exists documentdb cascade', 'postgres']
      ])
    )
  )
}

function inRoot(
  context: Pick<ServerContext, 'paths' | 'programs'>,
  args: readonly string[],
  user = 'postgres'
): ServerCommand {
  const { unshare, postgresRoot } = context.programs
  return {
    file: unshare,
    args: [
      ...['--mount', '--propagation', 'private', '--', 'sh', '-c', ENTER_ROOT, 'sh'],
      ...[postgresRoot, dataDir(context.paths)],
      ...[`--userspec=${user}`, postgresRoot, ...args]
    ],
    environment: { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
  }
}

function asCommand(command: ServerCommand): Command {
  const { file, args, environment } = command
  return { file, args, cwd: '/', ...(environment === undefined ? {} : { environment }) }
}

function dataDir(paths: StackPaths): string {
  return join(paths.dataDir, 'postgres')
}
