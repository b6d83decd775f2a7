/**
 * @module Loaded before the program of a child process (`--import`): its connections go through the
 * proxies named by its only argument. The program itself is what production runs.
 */
import { type Redirects, redirectSockets } from './socket-redirect.ts'

redirectSockets(JSON.parse(process.argv[2] ?? '{}') as Redirects)
