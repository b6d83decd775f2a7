/**
 * Answers item by item. The items of a batch are independent: what is wrong with one, or what the
 * broker did not acknowledge of it, says nothing of the others, and a client sends again only those
 * marked `retry` or `limited`.
 *
 * | status | meaning | send again |
 * |---|---|---|
 * | accepted | Kafka acknowledged it | no |
 * | duplicate | acknowledged before, under the same identity | no |
 * | invalid | breaks a rule; `code` and `detail` say which | not as it is |
 * | limited | over the limit of the sender | after `Retry-After` |
 * | retry | not acknowledged, or not known to be | after `Retry-After` |
 *
 * @module
 */
import Type, { type TProperties } from 'typebox'
import type { Counter } from '../../core/index.ts'
import { closed, type Problem, type Reply, retryAfterSeconds } from '../http/index.ts'

const statuses = ['accepted', 'duplicate', 'invalid', 'limited', 'retry'] as const

/** What became of an item. */
export type ItemStatus = (typeof statuses)[number]

/** The answer to one item; `index` is its place in the request. */
export type ItemResult = {
  index: number
  status: ItemStatus
  id?: string
  lane?: 'overflow'
  code?: string
  detail?: string
}

/** Items of batches by route and status. */
export type BatchItems = Counter<'route' | 'status'>

/** A client's mistake is told in short, as there may be hundreds. */
const detailLengthMax = 200

/** Schema of the answer; `extra` are the fields that items of this route have besides. */
export const itemResults = <Extra extends TProperties>(extra: Extra) =>
  closed({
    results: Type.Array(
      closed({
        index: Type.Integer({ description: 'Place in the request, from 0' }),
        status: Type.Union(statuses.map((status) => Type.Literal(status))),
        ...extra,
        code: Type.Optional(Type.String({ description: 'As in problem documents' })),
        detail: Type.Optional(Type.String({ description: 'What is wrong, for a person' }))
      }),
      { description: 'One for each item, in their order' }
    )
  })

/** The answer to an item that met a problem. */
export const itemOfProblem = (index: number, problem: Problem): ItemResult => {
  const { code, detail = problem.title } = problem
  return { index, status: statusOf(problem), code, detail: detail.slice(0, detailLengthMax) }
}

/** The answer to an item over the limit. */
export const limitedItem = (index: number): ItemResult => ({
  index,
  status: 'limited',
  code: 'rate_limited'
})

const statusOf = ({ status }: Problem): ItemStatus => {
  if (status === 429) return 'limited'
  return status < 500 ? 'invalid' : 'retry'
}

/** What an answer needs of the process and the route. */
export type BatchReplyOptions = {
  route: string
  items: BatchItems
  random: () => number
  /** Whole seconds until limited items would be taken. */
  waitSeconds: () => number
}

/** 202 when the client is done with all items, else 207; `Retry-After` when it has to come again. */
export const batchReply = (results: readonly ItemResult[], options: BatchReplyOptions): Reply => {
  const { route, items, random, waitSeconds } = options
  const counts: Record<ItemStatus, number> = {
    accepted: 0,
    duplicate: 0,
    invalid: 0,
    limited: 0,
    retry: 0
  }
  for (const { status } of results) counts[status] += 1
  for (const status of statuses) {
    if (counts[status] > 0) items.inc({ route, status }, counts[status])
  }
  const isDone = counts.accepted + counts.duplicate === results.length
  const reply = { status: isDone ? 202 : 207, body: { results } }
  if (counts.retry + counts.limited === 0) return reply
  const seconds = Number(retryAfterSeconds(random))
  const afterSeconds = counts.limited > 0 ? Math.max(seconds, waitSeconds()) : seconds
  return { ...reply, headers: { 'retry-after': String(afterSeconds) } }
}
