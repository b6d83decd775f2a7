/**
 * @module How a program of this project is started so that it runs as fast as it can: with its types
 * stripped and nothing added. Commands for people run under tsx, which remembers what it has read.
 */
import { fileURLToPath } from 'node:url'

/** Arguments of `node` that run the TypeScript program at `url`. */
export function nodeArguments(url: URL, args: readonly string[]): string[] {
  const strips = 'typescript' in process.features && process.features.typescript !== false
  const loader = ['--import', new URL('register.mjs', import.meta.url).href]
  return [...(strips ? [] : loader), fileURLToPath(url), ...args]
}
