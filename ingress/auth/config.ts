/**
 * What the command that mints a development token reads from the environment.
 *
 * @module
 */
import { ConfigError, defineConfig, readSharedConfig } from '../../core/index.ts'

/** Variables of `make token`. */
export const tokenConfig = defineConfig({
  ROLE: {
    type: 'enum',
    values: ['customer', 'driver', 'admin', 'signup', 'partner'],
    default: 'customer',
    doc: 'Role of the token that is minted.'
  },
  SUB: { type: 'string', default: null, doc: 'Subject of the token; one by role when unset.' },
  TOKEN_LIFE: {
    type: 'duration-ms',
    default: 86_400_000,
    min: 1_000,
    doc: 'How long the minted token is valid.'
  }
})

const subjectByRole: Record<string, string> = {
  customer: 'c-1',
  driver: 'd-1',
  admin: 'a-1',
  signup: 'app-1',
  partner: 'hotel-1'
}

/** Reads the variables. Throws `ConfigError` for a bad one and in production. */
export const readTokenConfig = (environment = process.env) => {
  const shared = readSharedConfig(environment, { secrets: ['jwtSecret'] })
  const values = tokenConfig.load(environment)
  const { jwtSecret } = shared.secrets
  if (shared.isProduction || jwtSecret === null) {
    throw new ConfigError([
      { variable: 'NODE_ENV', expected: 'development or test to mint tokens', got: shared.nodeEnv }
    ])
  }
  return {
    jwtSecret,
    role: values.ROLE,
    subject: values.SUB ?? subjectByRole[values.ROLE] ?? 'x-1',
    lifeMs: values.TOKEN_LIFE
  }
}
