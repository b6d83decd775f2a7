/**
 * Signing up: the form is sent, then its outcome is awaited.
 *
 * @module
 */
import { createActorApi } from './actor-api.ts'
import { createIdempotencyKey } from './idempotency-key.ts'
import { createPerson } from './people.ts'
import type { Scene } from './scene.ts'

/** Somebody the service knows now. */
export type Member = { readonly id: string; readonly token: string; readonly index: number }

const lookEveryMs = 250
/** All steps of a sign-up take well below a second; a crash may lie in between. */
const waitMsMax = 60_000

/**
 * Signs up person `index` and waits until they are active.
 * @throws Error when the sign-up is refused, rejected or not decided within 60 s
 */
export async function signUp(
  scene: Scene,
  who: { readonly role: 'customer' | 'driver'; readonly index: number; readonly appToken: string }
): Promise<Member> {
  const { clock, seed, signal, tokens } = scene
  const { role, index } = who
  const app = createActorApi(scene, who.appToken)
  const form = createPerson({ role, index, seed, nowMs: clock.now() })
  const key = createIdempotencyKey(clock)
  const { status, body } = await app.post('/users/signup', form, { key })
  const { signupId } = body
  if (status !== 202 || typeof signupId !== 'string') {
    throw new Error(
      `expected 202 for the sign-up of ${role} ${index}, got ${status} ${body['code']}`
    )
  }
  const untilMs = clock.monotonic() + waitMsMax
  while (clock.monotonic() < untilMs) {
    const outcome = (await app.get(`/signups/${signupId}`)).body
    const { userId } = outcome
    if (outcome['status'] === 'active' && typeof userId === 'string') {
      return { id: userId, token: await tokens.mint(userId, role), index }
    }
    if (outcome['status'] === 'rejected') {
      const reasons = JSON.stringify(outcome['reasons'])
      throw new Error(`expected ${role} ${index} to become active, got rejected for ${reasons}`)
    }
    await clock.sleep(lookEveryMs, signal)
  }
  throw new Error(
    `expected an outcome of the sign-up of ${role} ${index} in ${waitMsMax / 1_000} s`
  )
}
