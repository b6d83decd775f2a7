/**
 * Addresses that a process calls by itself, such as a key set or a gateway. They come from the
 * operator alone, never from a request; in production they are also kept away from what a mistake or
 * a stolen setting would reach: this host, the link-local network where clouds answer with
 * credentials, and anything without TLS.
 *
 * @module
 */
import { isIP } from 'node:net'
import { ConfigError } from './config-error.ts'

const localNames = /(^|\.)(localhost|local|internal)$/
const localV4 = /^(0|127)\.|^169\.254\./
const localV6 = /^\[(::1?|fe[89ab][0-9a-f]:.*|fd00:ec2::254|::ffff:.*)\]$/

/** Throws `ConfigError` for a URL that production may not call; elsewhere all pass. */
export function requireOutboundUrl(
  variable: string,
  url: string,
  { isProduction }: { readonly isProduction: boolean }
): void {
  if (!isProduction) return
  const { protocol, hostname, username, password } = new URL(url)
  const host = hostname.toLowerCase().replace(/\.$/, '')
  const isV4 = isIP(host) === 4
  const isLocal = (isV4 ? localV4.test(host) : localNames.test(host)) || localV6.test(host)
  if (protocol === 'https:' && username === '' && password === '' && !isLocal) return
  const expected = 'in production https, no credentials in it, and neither this host nor link-local'
  // Not the URL itself: gateways carry their key in it.
  throw new ConfigError([{ variable, expected, got: 'another URL' }])
}
