import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ArgumentPacker } from './packed-arguments.ts'

/** Reads MessagePack as `cmsgpack.unpack` does. */
function unpack(packed: Buffer): (string | number)[] {
  const values: (string | number)[] = []
  for (let at = 0; at < packed.length; ) {
    const kind = packed[at]
    if (kind === 0xcb) {
      values.push(packed.readDoubleBE(at + 1))
      at += 9
      continue
    }
    const header = kind === 0xda ? 3 : 5
    const length = kind === 0xda ? packed.readUInt16BE(at + 1) : packed.readUInt32BE(at + 1)
    values.push(packed.toString('latin1', at + header, at + header + length))
    at += header + length
  }
  return values
}

const anArgument = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3_000 }),
  fc.uint8Array({ maxLength: 9_000 }).map((bytes) => Buffer.from(bytes)),
  fc.double({ noNaN: true })
)

test('packed arguments come out as they went in, also of what was taken before', () => {
  fc.assert(
    fc.property(fc.array(fc.array(anArgument)), (batches) => {
      const packer = new ArgumentPacker()
      const taken = batches.map((batch) => {
        for (const value of batch) {
          if (typeof value === 'string') packer.string(value)
          else if (typeof value === 'number') packer.number(value)
          else packer.buffer(value)
        }
        const { size } = packer
        const packed = packer.take()
        expect(packed.length).toBe(size)
        return packed
      })
      const wanted = batches.map((batch) =>
        batch.map((value) =>
          typeof value === 'number' ? value : Buffer.from(value as string).toString('latin1')
        )
      )
      expect(taken.map(unpack)).toEqual(wanted)
    })
  )
})

test('a value of more than 64 KiB is packed whole', () => {
  const packer = new ArgumentPacker()
  packer.string('é'.repeat(40_000))
  packer.buffer(Buffer.alloc(100_000, 'x'))
  packer.string('')
  const [text, bytes, nothing] = unpack(packer.take())
  expect([String(text).length, String(bytes).length, nothing]).toEqual([80_000, 100_000, ''])
  expect(packer.take()).toHaveLength(0)
})
