/**
 * @module kafkajs delivers aborted records when two producers' aborted transactions overlap in a
 * partition (it takes the broker's unsorted list one entry a message), and takes any record whose
 * key is four zero bytes for an abort marker. Sorted by first offset and told by the control flag,
 * the filter is right.
 */

import type { Patch } from './patch.ts'

type Message = {
  readonly offset: string
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}
type AbortedTransaction = { readonly firstOffset: string; readonly producerId: string }
type Filter = (input: {
  readonly messages: readonly Message[]
  readonly abortedTransactions?: readonly AbortedTransaction[] | null
}) => readonly Message[]

export const abortedFilter: Patch = {
  name: 'aborted-filter',
  apply(modules) {
    modules.replace<Filter>('src/consumer/filterAbortedMessages', () => filterAbortedMessages)
  }
}

/**
 * Messages that took part in no aborted transaction; control records stay in, kafkajs needs their
 * offsets.
 */
export const filterAbortedMessages: Filter = ({ messages, abortedTransactions }) => {
  if (!abortedTransactions?.length) return messages
  const starts = abortedTransactions
    .map(({ firstOffset, producerId }) => ({ firstOffset: BigInt(firstOffset), producerId }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0))
  const aborting = new Set<string>()
  let next = 0
  return messages.filter((message) => {
    const offset = BigInt(message.offset)
    for (let start = starts[next]; start !== undefined && start.firstOffset <= offset; ) {
      aborting.add(start.producerId)
      next += 1
      start = starts[next]
    }
    const { producerId, inTransaction } = message.batchContext
    if (message.isControlRecord) {
      aborting.delete(producerId)
      return true
    }
    return !(inTransaction && aborting.has(producerId))
  })
}
