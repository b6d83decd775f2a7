/**
 * The worker's end of the channel to its primary. A worker whose primary is gone stops as at SIGTERM:
 * nobody would restart, reload or measure it.
 *
 * @module
 */
import { type CheckResult, dumpMetrics, type Metrics } from '../../core/index.ts'
import type { ToPrimary, ToWorker } from './messages.ts'

/** What it needs of `process`. */
export type ChannelPort = {
  send?: (message: unknown) => boolean
  on(event: 'message', listener: (message: unknown) => void): unknown
  once(event: 'disconnect', listener: () => void): unknown
  kill(pid: number, signal: NodeJS.Signals): unknown
  disconnect?: () => void
  readonly pid: number
}

/** See the module. */
export type WorkerLink = {
  /** Requests may come from now on. */
  listening(): void
  /** Whether another worker took this one's place. */
  isRetiring(): boolean
  /** Sends the last figures and lets go of the channel. */
  end(): Promise<void>
}

/** Answers the primary until `end`. */
export const createWorkerLink = (options: {
  channel: ChannelPort
  metrics: Metrics
  readiness: () => CheckResult
  status: () => unknown
}): WorkerLink => {
  const { channel, metrics, readiness, status } = options
  let isRetiring = false
  let isEnded = false

  const send = (message: ToPrimary): void => {
    // A channel that just broke says so by 'disconnect'.
    if (!isEnded) channel.send?.(message)
  }
  const stopSelf = (): void => {
    if (!isEnded) channel.kill(channel.pid, 'SIGTERM')
  }

  const answer = async ({ id, withMetrics }: ToWorker & { kind: 'ask' }): Promise<void> => {
    const base = { kind: 'told', id, readiness: readiness() } as const
    if (!withMetrics) send({ ...base, status: status() })
    else send({ ...base, metrics: await dumpMetrics(metrics) })
  }
  channel.on('message', (message) => {
    const told = message as ToWorker
    if (told.kind === 'ask') void answer(told)
    if (told.kind === 'retire' && !isRetiring) {
      isRetiring = true
      stopSelf()
    }
  })
  channel.once('disconnect', stopSelf)

  return {
    listening: () => send({ kind: 'listening' }),
    isRetiring: () => isRetiring,
    end: async () => {
      send({ kind: 'ended', metrics: await dumpMetrics(metrics) })
      isEnded = true
      channel.disconnect?.()
    }
  }
}
