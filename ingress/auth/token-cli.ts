/**
 * Prints one development token and nothing else: `ROLE=customer SUB=c-1 npx tsx
 * ingress/auth/token-cli.ts`. Refused in production, where tokens come from the identity provider.
 *
 * @module
 */
import { systemClock } from '../../core/index.ts'
import type { TokenRole } from '../http/index.ts'
import { readTokenConfig } from './config.ts'
import { mintToken } from './token-mint.ts'

const run = async (): Promise<void> => {
  const config = readTokenConfig()
  const token = await mintToken({
    secret: config.jwtSecret,
    subject: config.subject,
    role: config.role as TokenRole,
    nowMs: systemClock.now(),
    lifeMs: config.lifeMs
  })
  process.stdout.write(`${token}\n`)
}

try {
  await run()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
