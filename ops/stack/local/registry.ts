/**
 * The schema registry: Apicurio, reached through its Confluent-compatible API.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { StackPaths } from '../paths.ts'
import { httpAnswers } from '../probes.ts'
import { VERSIONS } from './programs.ts'
import type { LocalServer, ServerContext } from './server.ts'

/** The registry, with its schemas in an H2 file. */
export const registryServer: LocalServer = {
  name: 'registry',
  needs: [],
  ports: ['registry'],
  address: apiUrl,
  program: 'java',
  workDir,
  command: (context) => ({
    file: context.programs.java,
    args: [
      `-Xmx${context.config.registryHeapMb}m`,
      // A few requests a minute: the small collector and the quick compiler halve memory and start.
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:+ExitOnOutOfMemoryError',
      '-Djava.awt.headless=true',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${context.ports.registry}`,
      '-jar',
      join(context.programs.registryDir, `apicurio-registry-app-${VERSIONS.apicurio}-runner.jar`)
    ],
    environment: { REGISTRY_DATASOURCE_URL: databaseUrl(context) }
  }),
  prepare: async (context) => {
    await mkdir(workDir(context.paths), { recursive: true })
  },
  answers: (ports) => httpAnswers(`${apiUrl(ports)}/subjects`),
  stopSignal: 'SIGTERM'
}

/**
 * Without WRITE_DELAY=0 a killed registry had lost its last schemas, and with them the meaning of
 * every schema id already in Kafka.
 */
function databaseUrl(context: Pick<ServerContext, 'paths'>): string {
  const file = join(workDir(context.paths), 'registry')
  return `jdbc:h2:file:${file};DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0`
}

function apiUrl(ports: { registry: number }): string {
  return `http://127.0.0.1:${ports.registry}/apis/ccompat/v7`
}

function workDir(paths: StackPaths): string {
  return join(paths.dataDir, 'registry')
}
