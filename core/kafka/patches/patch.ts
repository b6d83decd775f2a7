/**
 * @module What a correction of kafkajs is, and how it reaches modules that kafkajs doesn't export.
 * kafkajs captures most of its functions when it is loaded, so a module can only be replaced before
 * the first `require('kafkajs')` of the process.
 */

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The doors into kafkajs a patch may use. Paths are relative to the package, without `.js`. */
export type LibraryModules = {
  /** The exports of an internal module, to change a prototype in place. */
  load<T>(path: string): T
  /** Replaces the exports of an internal module for everything that is loaded later. */
  replace<T>(path: string, make: (original: T) => T): void
}

/** One correction: named after the defect it removes. */
export type Patch = {
  readonly name: string
  apply(modules: LibraryModules): void
}

export const libraryModules: LibraryModules = {
  load: (path) => require(`kafkajs/${path}`),
  replace<T>(path: string, make: (original: T) => T): void {
    const id = require.resolve(`kafkajs/${path}`)
    const original = require(id) as T
    const entry = require.cache[id]
    if (entry !== undefined) entry.exports = make(original)
  }
}

/**
 * Whether somebody has already loaded kafkajs itself, so that replacing its modules comes too late.
 */
export function isLibraryLoaded(): boolean {
  return require.cache[require.resolve('kafkajs')] !== undefined
}

export function libraryVersion(): string {
  return (require('kafkajs/package.json') as { version: string }).version
}
