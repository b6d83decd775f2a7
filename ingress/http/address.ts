/**
 * The address a request is counted under. Behind proxies it is the entry of `x-forwarded-for` that
 * the outermost trusted proxy wrote; entries left of it are the client's own words. An IPv6 client
 * owns at least a /64, so the last half of its address says nothing.
 *
 * @module
 */

/** `trustedProxies` is the number of proxies in front that each append to `x-forwarded-for`. */
export const clientAddress = (
  socketAddress: string,
  forwardedFor: string | undefined,
  trustedProxies: number
): string => {
  if (trustedProxies === 0 || forwardedFor === undefined) return networkOf(socketAddress)
  const hops = forwardedFor.split(',')
  const address = hops[Math.max(0, hops.length - trustedProxies)]?.trim() ?? ''
  return networkOf(address === '' || address.length > 64 ? socketAddress : address)
}

const networkOf = (address: string): string => {
  if (!address.includes(':')) return address
  const groups = expand(address.toLowerCase())
  const isMapped = groups.slice(0, 5).every((group) => Number.parseInt(group, 16) === 0)
  if (isMapped) return groups.slice(5).join(':')
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

const expand = (address: string): string[] => {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array<string>(missing).fill('0'), ...right]
}
