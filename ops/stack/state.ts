/**
 * What a stack remembers between commands: its mode and its ports.
 *
 * @module
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './files.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'
import type { StackPaths } from './paths.ts'
import { PORT_NAMES, type StackPorts } from './ports.ts'

/** The content of `stack.json`. */
export type StackState = {
  mode: 'compose' | 'local'
  ports: StackPorts
}

/** The remembered state, or undefined when there is none or it cannot be read as one. */
export async function readState(paths: StackPaths): Promise<StackState | undefined> {
  return parseState(await readJsonFile(paths.stateFile))
}

/** Remembers the state. */
export async function writeState(paths: StackPaths, state: StackState): Promise<void> {
  await writeJsonFile(paths.stateFile, state)
}

/** Every port that another stack of this folder remembers. */
export async function portsOfOtherStacks(paths: StackPaths, name: string): Promise<Set<number>> {
  const ports = new Set<number>()
  for (const other of await namesOfStacks(paths)) {
    if (other === name) {
      continue
    }
    const state = parseState(await readJsonFile(join(paths.statesDir, other, 'stack.json')))
    for (const port of state === undefined ? [] : Object.values(state.ports)) {
      ports.add(port)
    }
  }
  return ports
}

/** Checks untrusted JSON; an older or damaged file counts as no state. */
export function parseState(value: unknown): StackState | undefined {
  if (typeof value !== 'object' || value === null || !('mode' in value) || !('ports' in value)) {
    return undefined
  }
  const { mode, ports } = value
  if ((mode !== 'compose' && mode !== 'local') || typeof ports !== 'object' || ports === null) {
    return undefined
  }
  const known = new Map<string, unknown>(Object.entries(ports))
  const parsed: Partial<StackPorts> = {}
  for (const name of PORT_NAMES) {
    const port = known.get(name)
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
      return undefined
    }
    parsed[name] = port
  }
  return { mode, ports: parsed as StackPorts }
}

/** Names of all stacks of this folder that ever ran. */
export async function namesOfStacks(paths: StackPaths): Promise<string[]> {
  return await namesIn(paths.statesDir)
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (isMissing(error)) {
      return []
    }
    throw error
  }
}
