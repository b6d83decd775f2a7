/**
 * The servers of a local stack, and what they run.
 *
 * @module
 */
import type { StackConfig } from '../config.ts'
import { StackError } from '../errors.ts'
import type { StackPaths } from '../paths.ts'
import { ferretdbServer } from './ferretdb.ts'
import { programDir } from './install.ts'
import { kafkaServer } from './kafka.ts'
import { postgresServer } from './postgres.ts'
import { findJava, requireProgram } from './programs.ts'
import { redisServer } from './redis.ts'
import { registryServer } from './registry.ts'
import type { LocalServer, ServerPrograms } from './server.ts'

/** All servers. */
export const LOCAL_SERVERS: readonly LocalServer[] = [
  kafkaServer,
  registryServer,
  redisServer,
  postgresServer,
  ferretdbServer
]

/**
 * Full paths of everything the servers run.
 *
 * @throws StackError HAIL_STACK_MISSING_TOOL
 */
export async function findServerPrograms(
  config: StackConfig,
  paths: StackPaths
): Promise<ServerPrograms> {
  const java = await findJava(config)
  if (java === undefined) {
    throw new StackError(
      'HAIL_STACK_MISSING_TOOL',
      'java 17 or newer is not installed: apt-get install openjdk-17-jre-headless, or set JAVA_HOME'
    )
  }
  return {
    java,
    redisServer: await requireProgram('redis-server'),
    unshare: await requireProgram('unshare'),
    kafkaDir: programDir(paths, 'kafka'),
    registryDir: programDir(paths, 'registry'),
    ferretdbDir: programDir(paths, 'ferretdb'),
    postgresRoot: programDir(paths, 'postgres')
  }
}
