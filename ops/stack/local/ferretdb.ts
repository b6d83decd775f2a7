/**
 * FerretDB: MongoDB's wire protocol in front of PostgreSQL with DocumentDB.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { StackPaths } from '../paths.ts'
import { mongoAnswers } from '../probes.ts'
import type { LocalServer } from './server.ts'

/** The server that MongoDB clients connect to. */
export const ferretdbServer: LocalServer = {
  name: 'ferretdb',
  needs: ['postgres'],
  ports: ['mongo'],
  address: (ports) => `mongodb://127.0.0.1:${ports.mongo}/`,
  program: 'ferretdb',
  workDir,
  command: (context) => ({
    file: join(context.programs.ferretdbDir, 'ferretdb'),
    args: [
      `--postgresql-url=postgres://postgres@127.0.0.1:${context.ports.postgres}/postgres`,
      `--listen-addr=127.0.0.1:${context.ports.mongo}`,
      `--state-dir=${workDir(context.paths)}`,
      '--telemetry=disable',
      // It listens on the loopback address only, like the rest of a development stack.
      '--no-auth',
      '--debug-addr=-',
      '--log-level=warn'
    ]
  }),
  prepare: async (context) => {
    await mkdir(workDir(context.paths), { recursive: true })
  },
  answers: (ports) => mongoAnswers({ host: '127.0.0.1', port: ports.mongo }),
  stopSignal: 'SIGTERM'
}

function workDir(paths: StackPaths): string {
  return join(paths.dataDir, 'ferretdb')
}
