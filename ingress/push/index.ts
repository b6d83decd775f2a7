/**
 * Push: rides, offers and outcomes to WebSocket clients, as docs/push.md describes.
 *
 * @module
 */
export { type PushSettings, pushConfig } from './config.ts'
export type { LogSource } from './log-tail.ts'
export { type PushDeps, PushHub } from './push-hub.ts'
export { createSnapshotReader } from './snapshot-reader.ts'
export { streamRoute } from './stream-route.ts'
