import { describe, expect, it } from 'vitest'
import { mountPointsBelow } from './mounts.ts'

const TABLE = `/dev/vda / ext4 rw 0 0
proc /proc proc rw 0 0
proc /x/root/proc proc rw 0 0
udev /x/root/dev devtmpfs rw 0 0
pts /x/root/dev/pts devpts rw 0 0
tmpfs /x/root2/dev tmpfs rw 0 0
tmpfs /x/with\\040blank/dev tmpfs rw 0 0
`

describe('mountPointsBelow', () => {
  it('lists the deepest first and no folder that only starts alike', () => {
    expect(mountPointsBelow(TABLE, '/x/root')).toEqual([
      '/x/root/dev/pts',
      '/x/root/dev',
      '/x/root/proc'
    ])
  })

  it('reads escaped blanks', () => {
    expect(mountPointsBelow(TABLE, '/x/with blank')).toEqual(['/x/with blank/dev'])
  })

  it('finds nothing in an empty table', () => {
    expect(mountPointsBelow('', '/x')).toEqual([])
  })
})
