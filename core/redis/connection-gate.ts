/**
 * Where commands wait for a connection. Bounded twice: nobody waits longer than a command may
 * take, and no more wait than memory was planned for. It also logs each outage once, where
 * ioredis would report every attempt.
 *
 * @module
 */

import type { Redis as IoRedis } from 'ioredis'
import type { Clock } from '../clock/index.ts'
import { MigrateError, RetryError } from '../errors.ts'
import type { Logger } from '../logger.ts'

/** The gate of one connection. */
export type ConnectionGate = {
  /** Resolves once connected; throws `HAIL_REDIS_UNAVAILABLE` or `HAIL_CLOSED`. */
  ready(command: string): Promise<void>
  /** Sends everybody away, for good. */
  close(): void
}

type Waiter = { readonly open: () => void; readonly refuse: (error: Error) => void }

/** Follows the connection of `client`. */
export function createConnectionGate(
  client: IoRedis,
  options: {
    readonly clock: Clock
    readonly logger: Logger
    readonly waitMs: number
    readonly waitingMax: number
  }
): ConnectionGate {
  const { clock, logger, waitMs, waitingMax } = options
  const waiters = new Set<Waiter>()
  let isUp = true
  let isClosed = false

  client.on('ready', () => {
    if (!isUp) logger.info({}, 'Redis is back')
    isUp = true
    for (const waiter of waiters) waiter.open()
  })
  // Without a listener an 'error' event would end the process.
  client.on('error', (error: unknown) => {
    if (isUp && !isClosed) logger.warn({ error }, 'Redis is not reachable, reconnecting')
    isUp = false
  })
  client.on('close', () => {
    if (isUp && !isClosed) logger.warn({}, 'the connection to Redis was lost, reconnecting')
    isUp = false
  })

  const ready = (command: string): Promise<void> => {
    if (client.status === 'ready') return Promise.resolve()
    if (waiters.size >= waitingMax) {
      const message = `${command} cannot wait for Redis, ${waitingMax} commands wait already`
      return Promise.reject(new RetryError('HAIL_REDIS_UNAVAILABLE', message))
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        timer.cancel()
        waiters.delete(waiter)
      }
      const waiter: Waiter = {
        open: () => {
          leave()
          resolve()
        },
        refuse: (error) => {
          leave()
          reject(error)
        }
      }
      const timer = clock.setTimer(() => {
        const message = `${command} waited ${waitMs} ms for a connection to Redis`
        waiter.refuse(new RetryError('HAIL_REDIS_UNAVAILABLE', message))
      }, waitMs)
      waiters.add(waiter)
    })
  }

  const close = (): void => {
    isClosed = true
    for (const waiter of waiters) {
      waiter.refuse(new MigrateError('HAIL_CLOSED', 'Redis was closed while a command waited'))
    }
  }
  return { ready, close }
}
