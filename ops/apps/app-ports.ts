/**
 * @module Free ports for the application: the remembered or usual ones, else the next free above.
 */
import { isPortFree } from '../stack/ports.ts'
import type { AppPorts } from './app-specs.ts'

/** Ports tried above the wanted one. */
const triedMax = 200

/** @throws Error when none of 200 ports in a row is free */
export async function chooseAppPorts(wanted: AppPorts): Promise<AppPorts> {
  const taken = new Set<number>()
  const chosen: Record<string, number> = {}
  for (const [name, first] of Object.entries(wanted)) {
    chosen[name] = await nextFree(first, taken)
    taken.add(chosen[name] as number)
  }
  return chosen as unknown as AppPorts
}

async function nextFree(first: number, taken: ReadonlySet<number>): Promise<number> {
  for (let port = first; port < first + triedMax; port += 1) {
    if (!taken.has(port) && (await isPortFree(port))) return port
  }
  throw new Error(`expected a free port from ${first} to ${first + triedMax - 1}, got none`)
}
