/**
 * @module What a running application leaves for other commands: its supervisor and its ports.
 */
import { join } from 'node:path'
import { readJsonFile, writeJsonFile } from '../stack/json-file.ts'
import { stackPaths } from '../stack/paths.ts'
import { isAlive, type ProcessRecord } from '../stack/process-record.ts'
import { type AppPorts, preferredPorts } from './app-specs.ts'

export interface AppState {
  readonly supervisor: ProcessRecord
  readonly ports: AppPorts
}

type Scope = Parameters<typeof stackPaths>[0]

function stateFile(scope: Scope): string {
  return join(stackPaths(scope).stateDir, 'apps.json')
}

/** The state last written, running or not; null when there is none. */
export async function readAppState(scope: Scope): Promise<AppState | null> {
  const value = (await readJsonFile(stateFile(scope))) as Partial<AppState> | undefined
  if (!value || typeof value !== 'object') return null
  if (value.supervisor === undefined || value.ports === undefined) return null
  return { supervisor: value.supervisor, ports: { ...preferredPorts, ...value.ports } }
}

/** True while the very supervisor of the state lives. */
export async function isSupervised(state: AppState | null): Promise<boolean> {
  return state !== null && (await isAlive(state.supervisor))
}

export async function writeAppState(scope: Scope, state: AppState): Promise<void> {
  await writeJsonFile(stateFile(scope), state)
}
