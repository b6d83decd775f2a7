/**
 * The calls of one rider or driver, with their token. Outcomes come by push while it is live.
 *
 * @module
 */
import type { ApiReply } from './api-client.ts'
import { createIdempotencyKey } from './idempotency-key.ts'
import type { PushClient } from './push-client.ts'
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

/** Options of a read. */
export type ReadOptions = {
  readonly timeoutMs?: number
  readonly patienceMs?: number
  /** Default: that of the scene. */
  readonly signal?: AbortSignal
}

/** See the module. */
export type ActorApi = {
  get(path: string, options?: ReadOptions): Promise<ApiReply>
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
/** An outcome that push has not told by then is asked for. */
const pushWaitMs = 5_000

/** The calls of the bearer of a token. */
export function createActorApi(scene: Scene, token: string, push?: PushClient): ActorApi {
  const { api, clock, signal, figures, pushLog } = scene
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
  const ask = async (actionId: string): Promise<Readonly<Record<string, unknown>>> => {
    if (push?.isLive === true) pushLog.pollsWhileLive += 1
    else pushLog.pollsWhileDown += 1
    const { status, body } = await get(`/actions/${encodeURIComponent(actionId)}`)
    return status === 200 ? body : {}
  }
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
      const pushUntilMs = clock.monotonic() + pushWaitMs
      for (;;) {
        const leftMs = pushUntilMs - clock.monotonic()
        const pushed = push?.outcomeOf(actionId)
        if (pushed === undefined && push?.isLive === true && leftMs > 0) {
          await push.news(leftMs)
          continue
        }
        const body = pushed ?? (await ask(actionId))
        const told = body['status']
        const reason = typeof body['reason'] === 'string' ? body['reason'] : ''
        if (told === 'refused') figures.add('refusedActions')
        if (told === 'applied' || told === 'refused') return { status: told, reason }
        if (clock.monotonic() > untilMs) return { status: 'pending', reason }
        await clock.sleep(outcomeEveryMs, signal)
      }
    }
  }
}
