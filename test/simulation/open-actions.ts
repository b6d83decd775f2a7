/**
 * @module What people have asked for and got no outcome of yet. They ask again, under the same
 * action id, as an app does.
 */
import type { TopicRecords } from '../../avro/index.ts'
import type { Ledger } from './ledger.ts'
import type { World } from './world.ts'

/** An unanswered action is sent again after this, ms. */
const repeatMs = 3_000

type ActionTopic = 'driver_actions' | 'rider_actions' | 'driver_sessions'

interface OpenAction {
  readonly topic: ActionTopic
  readonly key: string
  readonly value: TopicRecords[ActionTopic]
  sentAtMs: number
}

export interface OpenActions {
  send(topic: ActionTopic, key: string, value: TopicRecords[ActionTopic]): void
  /** Ids of the actions without an outcome. */
  unanswered(): string[]
  /** Sends what waits for too long. */
  repeat(): void
}

/** The open actions of everybody in one simulation. */
export function createOpenActions(world: World, ledger: Ledger): OpenActions {
  const open = new Map<string, OpenAction>()
  const unanswered = (): string[] => {
    for (const actionId of open.keys()) if (ledger.outcomes.has(actionId)) open.delete(actionId)
    return [...open.keys()]
  }
  return {
    unanswered,
    send(topic, key, value) {
      open.set(value.actionId, { topic, key, value, sentAtMs: world.now() })
      world.put(topic, key, { value })
    },
    repeat() {
      for (const actionId of unanswered()) {
        const action = open.get(actionId)
        if (action === undefined || world.now() - action.sentAtMs < repeatMs) continue
        action.sentAtMs = world.now()
        world.put(action.topic, action.key, { value: action.value })
      }
    }
  }
}
