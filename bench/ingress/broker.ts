/**
 * @module The broker as a process, for what is done to it.
 */

import { readJsonFile } from '../../ops/stack/json-file.ts'
import { pidFileOf, stackPaths } from '../../ops/stack/paths.ts'
import { benchStackConfig } from '../config.ts'

/** Process id of the local broker. Throws an Error where the broker is a container or somebody's server. */
export async function findBroker(): Promise<number> {
  const record = await readJsonFile(pidFileOf(stackPaths(benchStackConfig()), 'kafka'))
  const pid = typeof record === 'object' && record !== null && 'pid' in record ? record.pid : null
  if (typeof pid !== 'number') {
    throw new Error('an outage needs a broker of the local stack: run the bench with STACK=local')
  }
  return pid
}
