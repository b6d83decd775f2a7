/**
 * @module What the load generator sends: files with tokens and bodies, made from a seed.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSeededRandom } from '../../core/index.ts'
import { mintToken } from '../../ingress/auth/index.ts'
import type { Stage } from '../stage.ts'
import type { IngressSizes } from './sizes.ts'

/** Paths of the files; a token file has a subject and a token a line, a body file a body a line. */
export interface LoadFiles {
  readonly customerTokens: string
  readonly driverTokens: string
  readonly rides: string
  readonly positions: string
  /** Bodies of `rides`, for loads of our own. */
  readonly rideBodies: readonly string[]
  /** Tokens of the customers, in the order of the file. */
  readonly customers: readonly Bearer[]
}

export interface Bearer {
  readonly subject: string
  readonly token: string
}

export interface LoadOptions {
  readonly stage: Stage
  readonly sizes: IngressSizes
  readonly seed: number
  readonly jwtSecret: string
}

const dayMs = 86_400_000
const bodies = 500
const batches = 50
/** Midtown Manhattan, degrees. */
const area = { south: 40.72, west: -74.0, height: 0.06, width: 0.03 }
/** A phone measures once a second. */
const measuredEveryMs = 1_000

export async function writeLoadFiles(options: LoadOptions): Promise<LoadFiles> {
  const { stage, sizes, seed } = options
  const random = createSeededRandom(seed)
  const place = () => ({
    lat: rounded(area.south + random.next() * area.height),
    lon: rounded(area.west + random.next() * area.width)
  })
  const customers = await bearers('customer', options)
  const drivers = await bearers('driver', options)
  const rideBodies = Array.from({ length: bodies }, () =>
    JSON.stringify({ pickup: place(), dropoff: place() })
  )
  const nowMs = stage.clock.now()
  const positions = Array.from({ length: batches }, () => {
    const points = Array.from({ length: sizes.pointsABatch }, (_, index) => ({
      ...place(),
      accuracyMeters: 5,
      headingDegrees: 90,
      speedMps: 8.3,
      deviceTime: nowMs - (sizes.pointsABatch - index) * measuredEveryMs
    }))
    return JSON.stringify({ points })
  })
  const write = async (name: string, lines: readonly string[]): Promise<string> => {
    const path = join(stage.workDir, name)
    await writeFile(path, `${lines.join('\n')}\n`)
    return path
  }
  return {
    customerTokens: await write('customers.txt', customers.map(lineOf)),
    driverTokens: await write('drivers.txt', drivers.map(lineOf)),
    rides: await write('rides.txt', rideBodies),
    positions: await write('positions.txt', positions),
    rideBodies,
    customers
  }
}

function bearers(
  role: 'customer' | 'driver',
  { stage, sizes, jwtSecret }: LoadOptions
): Promise<Bearer[]> {
  return Promise.all(
    Array.from({ length: sizes.users }, async (_, index) => {
      const subject = `${role[0]}-bench-${index}`
      const nowMs = stage.clock.now()
      const token = await mintToken({ secret: jwtSecret, subject, role, nowMs, lifeMs: dayMs })
      return { subject, token }
    })
  )
}

const lineOf = ({ subject, token }: Bearer): string => `${subject} ${token}`

/** Six decimals are a tenth of a metre, as phones send them. */
const rounded = (degrees: number): number => Math.round(degrees * 1e6) / 1e6
