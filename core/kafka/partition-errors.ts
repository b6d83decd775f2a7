/** @module The part that several answers share: a topic with an error code for each of its partitions. */

import type { ByteReader } from './byte-reader.ts'

export function readPartitionErrors(reader: ByteReader): number[] {
  reader.compactText()
  const errorCodes = reader.compactArray(() => {
    reader.int32()
    const errorCode = reader.int16()
    reader.skipTags()
    return errorCode
  })
  reader.skipTags()
  return errorCodes
}
