/**
 * @module Which partition a key belongs to: murmur2, the same as the Java client's and kafkajs'
 * default, so that records of any writer with the same key meet in the same task.
 */

const seed = 0x9747b28c
const multiplier = 0x5bd1e995
const rotation = 24

/** Partition of a UTF-8 key among `partitions` (> 0). */
export function partitionForKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions
}

/** Kafka's variant of murmur2 (32 bits, signed), as in `org.apache.kafka.common.utils.Utils`. */
export function murmur2(data: Buffer): number {
  const { length } = data
  const whole = length - (length % 4)
  let hash = seed ^ length
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(data.readInt32LE(at), multiplier)
    word ^= word >>> rotation
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier)
  }
  const rest = length - whole
  if (rest === 3) hash ^= data.readUInt8(whole + 2) << 16
  if (rest >= 2) hash ^= data.readUInt8(whole + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ data.readUInt8(whole), multiplier)
  hash ^= hash >>> 13
  hash = Math.imul(hash, multiplier)
  return hash ^ (hash >>> 15)
}
