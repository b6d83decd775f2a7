/**
 * Redis.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { StackPaths } from '../paths.ts'
import { redisAnswers } from '../probes.ts'
import type { LocalServer } from './server.ts'

/** Redis with its append-only file. */
export const redisServer: LocalServer = {
  name: 'redis',
  needs: [],
  ports: ['redis'],
  address: (ports) => `redis://127.0.0.1:${ports.redis}/0`,
  program: 'redis-server',
  workDir,
  command: (context) => ({
    file: context.programs.redisServer,
    args: Object.entries({
      port: String(context.ports.redis),
      bind: '127.0.0.1',
      dir: workDir(context.paths),
      daemonize: 'no',
      appendonly: 'yes',
      // A second of writes may be lost with the machine: state in Redis is rebuilt from Kafka.
      appendfsync: 'everysec',
      // Snapshots beside the append-only file would fork a second copy of the memory for nothing.
      save: '',
      // Evicting a key of a store silently would look like a key that never was.
      'maxmemory-policy': 'noeviction'
    }).flatMap(([name, value]) => [`--${name}`, value])
  }),
  prepare: async (context) => {
    await mkdir(workDir(context.paths), { recursive: true })
  },
  answers: (ports) => redisAnswers({ host: '127.0.0.1', port: ports.redis }),
  stopSignal: 'SIGTERM'
}

function workDir(paths: StackPaths): string {
  return join(paths.dataDir, 'redis')
}
