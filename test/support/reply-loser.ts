/**
 * @module Loses the reply of a chosen request: the server has carried it out, the client never hears
 * of it. One loser a connection; which request is wanted is the proxy's to say.
 */
import { systemClock } from '../../core/index.ts'
import { KafkaFrames } from './kafka-frames.ts'

export type ProxyProtocol = 'kafka' | 'redis'

/** A request to lose the reply of: an api key of Kafka, or a command of Redis (`*`: any). */
export type Request = number | string

/** Watches one connection. */
export interface ReplyLoser {
  request(bytes: Buffer): void
  /** What of the bytes is passed on; `lose` is called once when the wanted reply is reached. */
  reply(bytes: Buffer, lose: () => void): Buffer
}

/** Shared by the connections of a proxy. */
export interface LossState {
  wanted: readonly Request[]
}

/** Bytes of a request's header: length, api key, version, correlation id. */
const requestHeadBytes = 12
/** Bytes of a reply's header: length, correlation id. */
const replyHeadBytes = 8
/** Redis answers in the order of the requests and within a millisecond; earlier answers may come first. */
const redisReplyMs = 30
const nothing = Buffer.alloc(0)

/** Null for a protocol it does not know. */
export function replyLoserOf(protocol: ProxyProtocol | null, state: LossState): ReplyLoser | null {
  if (protocol === null) return null
  return protocol === 'kafka' ? kafkaLoser(state) : redisLoser(state)
}

function kafkaLoser(state: LossState): ReplyLoser {
  const requests = new KafkaFrames(requestHeadBytes)
  const replies = new KafkaFrames(replyHeadBytes)
  let losing: number | null = null
  return {
    request(bytes) {
      requests.feed(bytes, (head) => {
        if (losing !== null || !state.wanted.includes(head.readInt16BE(4))) return
        state.wanted = []
        losing = head.readInt32BE(8)
      })
    },
    reply(bytes, lose) {
      let end = bytes.length
      let isLost = false
      replies.feed(bytes, (head, startsAt) => {
        if (isLost || losing === null || head.readInt32BE(4) !== losing) return
        isLost = true
        end = startsAt
      })
      if (isLost) lose()
      return bytes.subarray(0, end)
    }
  }
}

function redisLoser(state: LossState): ReplyLoser {
  let phase: 'watching' | 'losing' | 'lost' = 'watching'
  return {
    request(bytes) {
      if (phase !== 'watching' || !isWanted(state.wanted, bytes)) return
      state.wanted = []
      phase = 'losing'
    },
    reply(bytes, lose) {
      if (phase === 'watching') return bytes
      if (phase === 'losing') {
        phase = 'lost'
        systemClock.setTimer(lose, redisReplyMs)
      }
      return nothing
    }
  }
}

function isWanted(wanted: readonly Request[], bytes: Buffer): boolean {
  return wanted.some((name) => name === '*' || (typeof name === 'string' && bytes.includes(name)))
}
