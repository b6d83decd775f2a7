/**
 * @module kafkajs keeps a connection on which a request timed out, and sends the next one over it. When
 * the other end is gone without a word (a firewall that forgot the connection, a machine that lost
 * power) every request times out until the kernel gives up, about 15 minutes; one that dies while it
 * is set up is even taken for ready, and every request on it fails for ever. So a connection ends with
 * its first timeout, as in the Java client; its other requests fail and are tried on a new one.
 */

import type { Patch } from './patch.ts'

type Socket = { destroy(error: Error): void }
type SocketRequest = { timeoutHandler: () => void }
type RequestQueue = {
  onTimeout?: () => void
  createSocketRequest(pushed: unknown): SocketRequest
}
type Connection = {
  readonly requestQueue: RequestQueue
  readonly socket?: Socket
  connect(): Promise<unknown>
}

export const timedOutConnection: Patch = {
  name: 'timed-out-connection',
  apply(modules) {
    const queue = modules.load<{ prototype: RequestQueue }>('src/network/requestQueue/index')
    const connection = modules.load<{ prototype: Connection }>('src/network/connection')
    const { createSocketRequest } = queue.prototype
    queue.prototype.createSocketRequest = function (this: RequestQueue, pushed): SocketRequest {
      const request = createSocketRequest.call(this, pushed)
      const { timeoutHandler } = request
      request.timeoutHandler = () => {
        timeoutHandler()
        this.onTimeout?.()
      }
      return request
    }
    const { connect } = connection.prototype
    connection.prototype.connect = function (this: Connection): Promise<unknown> {
      this.requestQueue.onTimeout = () => this.socket?.destroy(new Error('a request timed out'))
      return connect.call(this)
    }
  }
}
