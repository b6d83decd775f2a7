/**
 * Lua scripts as data: a name for logs, the source from a `.lua` file and the number of keys.
 *
 * @module
 */

import { readFileSync } from 'node:fs'

/** A script. Its file documents KEYS, ARGV, return codes and what it guarantees. */
export type ScriptDefinition = {
  readonly name: string
  readonly source: string
  /** How many KEYS each call passes; null when it varies. */
  readonly keys: number | null
}

/** Reads a script beside a module: `loadScript({ name, url: new URL('./x.lua', import.meta.url), keys })`. */
export function loadScript(file: {
  readonly name: string
  readonly url: URL
  readonly keys: number | null
}): ScriptDefinition {
  return { name: file.name, source: readFileSync(file.url, 'utf8'), keys: file.keys }
}
