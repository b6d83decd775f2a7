/**
 * Which build of the web server this machine has (ops/uws): the older one has 4 KiB of headers, 50 of
 * them, and ends the connection without a word where the newer one answers 4xx first.
 *
 * @module
 */
import { createRequire } from 'node:module'

/** The package the build came from. */
export const webServerBuild = (
  createRequire(import.meta.url)('uWebSockets.js') as { build: string }
).build

/** Whether it is the newer one. */
export const isNewerBuild = webServerBuild === '@btc-vision/uwebsockets.js'
