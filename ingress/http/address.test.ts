import { describe, expect, test } from 'vitest'
import { clientAddress } from './address.ts'

describe('clientAddress', () => {
  test.each([
    ['the socket without proxies', '10.0.0.1', '1.2.3.4', 0, '10.0.0.1'],
    ['what the nearest proxy saw', '10.0.0.1', '6.6.6.6, 1.2.3.4', 1, '1.2.3.4'],
    ['what the outer of two proxies saw', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.9', 2, '1.2.3.4'],
    ['the first entry when there are fewer than proxies', '10.0.0.1', '1.2.3.4', 3, '1.2.3.4'],
    ['the socket when the header is absurd', '10.0.0.1', 'x'.repeat(200), 1, '10.0.0.1'],
    ['the network of an IPv6 client', '2001:db8:1:2:3:4:5:6', undefined, 0, '2001:db8:1:2'],
    [
      'the same network however it is written',
      '2001:0db8:0001:0002::9',
      undefined,
      0,
      '2001:db8:1:2'
    ],
    [
      'the IPv4 address inside IPv6',
      '0000:0000:0000:0000:0000:ffff:7f00:0001',
      undefined,
      0,
      'ffff:7f00:0001'
    ]
  ])('takes %s', (_, socket, forwarded, proxies, expected) => {
    expect(clientAddress(socket, forwarded, proxies)).toBe(expected)
  })
})
