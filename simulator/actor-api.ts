/**
 * The calls of one rider or driver, with their token.
 *
 * @module
 */
import type { ApiReply } from './api-client.ts'
import { createIdempotencyKey } from './idempotency-key.ts'
import type { Scene } from './scene.ts'

/** What became of an action; `pending` when nobody decided it in time. */
export type Outcome = {
  readonly status: 'applied' | 'refused' | 'pending'
  readonly reason: string
}

/** Options of a write. */
export type WriteOptions = {
  /** Repeats an earlier write when it is that one's key. Default: a new one. */
  readonly key?: string
  readonly patienceMs?: number
}

/** See the module. */
export type ActorApi = {
  get(path: string, options?: { timeoutMs?: number; patienceMs?: number }): Promise<ApiReply>
  post(path: string, body: unknown, options?: WriteOptions): Promise<ApiReply>
  /** Sends something that nobody repeats, such as a position. */
  tell(path: string, body: unknown): Promise<ApiReply>
  /** A write with a deferred outcome: its action id, or null when the API refused it at once. */
  act(path: string, body: unknown, options?: WriteOptions): Promise<string | null>
  /** Waits for the outcome of an action and counts a refusal. */
  outcomeOf(actionId: string): Promise<Outcome>
}

const outcomeEveryMs = 300
const outcomeWaitMs = 20_000

/** The calls of the bearer of a token. */
export function createActorApi(scene: Scene, token: string): ActorApi {
  const { api, clock, signal, figures } = scene
  const post = (path: string, body: unknown, options: WriteOptions = {}): Promise<ApiReply> =>
    api.call({
      method: 'POST',
      path,
      token,
      body,
      idempotencyKey: options.key ?? createIdempotencyKey(clock),
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
      signal
    })
  const get: ActorApi['get'] = (path, options = {}) =>
    api.call({ method: 'GET', path, token, signal, ...options })
  return {
    get,
    post,
    tell: (path, body) =>
      api.call({ method: 'POST', path, token, body, patienceMs: 0, timeoutMs: 5_000, signal }),
    act: async (path, body, options) => {
      const { status, body: answer } = await post(path, body, options)
      const actionId = answer['actionId']
      return status === 202 && typeof actionId === 'string' ? actionId : null
    },
    outcomeOf: async (actionId) => {
      const untilMs = clock.monotonic() + outcomeWaitMs
      for (;;) {
        const { status, body } = await get(`/actions/${encodeURIComponent(actionId)}`)
        const told = status === 200 ? body['status'] : 'pending'
        const reason = typeof body['reason'] === 'string' ? body['reason'] : ''
        if (told === 'refused') figures.add('refusedActions')
        if (told === 'applied' || told === 'refused') return { status: told, reason }
        if (clock.monotonic() > untilMs) return { status: 'pending', reason }
        await clock.sleep(outcomeEveryMs, signal)
      }
    }
  }
}
