/**
 * Several processes of the ingress on one port: the primary that keeps them, and a worker's end of the
 * channel to it.
 *
 * @module
 */
export { addPrimary, workerStopMsMax } from './primary.ts'
export { type ChannelPort, createWorkerLink, type WorkerLink } from './worker-link.ts'
