/**
 * Host and port of the addresses that people write.
 *
 * @module
 */
import type { Endpoint } from './probes.ts'

const USUAL_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'redis:': 6379,
  'rediss:': 6379,
  'mongodb:': 27_017
}

/**
 * The first host and port of an address: a URL, or a list of `host:port`.
 *
 * @returns undefined when it has none to connect to, such as `mongodb+srv://` (looked up by DNS)
 */
export function firstEndpoint(address: string): Endpoint | undefined {
  const [first = ''] = address.split(',')
  const hasScheme = /^[a-z+]+:\/\//i.test(first)
  let url: URL
  try {
    url = new URL(hasScheme ? first : `tcp://${first}`)
  } catch {
    return undefined
  }
  const port = url.port === '' ? USUAL_PORTS[url.protocol] : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return port === undefined || host === '' ? undefined : { host, port }
}
