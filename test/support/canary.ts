/**
 * @module Looks for a social security number wherever the system may have left it: logs, every
 * partition of every topic with keys and headers, aborted records too, every key of Redis, every
 * document of every collection. In each form it could have taken on the way.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fetcher, KafkaAdmin } from '../../core/kafka/index.ts'
import type { Redis } from '../../core/redis/index.ts'
import type { Database } from '../../sinks/models/index.ts'
import { readFrom } from './committed-records.ts'

/** Where a form of the number was found. */
export interface Finding {
  readonly place: string
  readonly form: string
}

/** Finds one number in bytes. */
export interface CanarySearch {
  /** The names of the forms that are in there. */
  formsIn(bytes: Buffer): string[]
}

const spellings = (ssn: string): Record<string, string> => {
  const digits = ssn.replaceAll('-', '')
  return {
    plain: ssn,
    dashless: digits,
    spaced: ssn.replaceAll('-', ' '),
    dotted: ssn.replaceAll('-', '.'),
    'percent-encoded': ssn.replaceAll('-', '%2D'),
    'reversed dashless': [...digits].reverse().join('')
  }
}

/**
 * The part of the base64 of a text that is the same wherever the text begins within the encoded
 * bytes: one needle for each of the three places it can have in a group.
 */
const base64Cores = (text: string): string[] =>
  [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${'x'.repeat(shift)}${text}`).toString('base64')
    const start = Math.ceil((shift * 4) / 3)
    const whole = Math.floor(((shift + text.length) * 8) / 6)
    return encoded.slice(start, whole)
  })

/** A search for a number such as `536-90-4399`. */
export function searchFor(ssn: string): CanarySearch {
  const needles: [form: string, needle: Buffer][] = []
  for (const [spelling, text] of Object.entries(spellings(ssn))) {
    const bytes = Buffer.from(text)
    needles.push([spelling, bytes])
    needles.push([`${spelling}, UTF-16`, Buffer.from(text, 'utf16le')])
    const hex = bytes.toString('hex')
    needles.push([`${spelling}, hex`, Buffer.from(hex)])
    needles.push([`${spelling}, HEX`, Buffer.from(hex.toUpperCase())])
    needles.push([`${spelling}, reversed hex`, Buffer.from([...hex].reverse().join(''))])
    for (const core of base64Cores(text)) needles.push([`${spelling}, base64`, Buffer.from(core)])
  }
  return {
    formsIn: (bytes) => [
      ...new Set(needles.filter(([, needle]) => bytes.includes(needle)).map(([form]) => form))
    ]
  }
}

const at = (place: string, forms: readonly string[]): Finding[] =>
  forms.map((form) => ({ place, form }))

/** Every file below a folder. */
export function searchFiles(search: CanarySearch, dir: string): Finding[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      return at(`log ${path}`, search.formsIn(readFileSync(path)))
    })
}

/** Every record of every topic, internal ones and those of aborted transactions included. */
export async function searchTopics(
  search: CanarySearch,
  source: { readonly admin: KafkaAdmin; readonly fetcher: Fetcher }
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const topic of await source.admin.listTopics()) {
    const offsets = await source.admin.endOffsets(topic)
    const starts = new Map([...offsets].map(([partition, { logStart }]) => [partition, logStart]))
    for (const record of await readFrom(source, topic, starts, 'uncommitted')) {
      const { key, value, headers } = record
      const parts = [key, value, ...Object.entries(headers).flat(2)]
      for (const part of parts) {
        if (part === null || part === undefined) continue
        const bytes = Buffer.isBuffer(part) ? part : Buffer.from(String(part))
        findings.push(...at(`topic ${topic}`, search.formsIn(bytes)))
      }
    }
  }
  return findings
}

/** Every key of Redis with its value, whatever its type. */
export async function searchRedis(search: CanarySearch, { client }: Redis): Promise<Finding[]> {
  const findings: Finding[] = []
  let cursor = '0'
  do {
    const [next, keys] = await client.scan(cursor, 'COUNT', 1_000)
    cursor = next
    for (const key of keys) {
      const values = [Buffer.from(key), ...(await valuesOf(client, key))]
      for (const value of values) findings.push(...at(`Redis ${key}`, search.formsIn(value)))
    }
  } while (cursor !== '0')
  return findings
}

async function valuesOf(client: Redis['client'], key: string): Promise<Buffer[]> {
  const type = await client.type(key)
  switch (type) {
    case 'string':
      return [(await client.getBuffer(key)) ?? Buffer.alloc(0)]
    case 'hash':
      return Object.entries(await client.hgetallBuffer(key)).flatMap(([field, value]) => [
        Buffer.from(field),
        value
      ])
    case 'zset':
      return await client.zrangeBuffer(key, 0, '-1')
    case 'set':
      return await client.smembersBuffer(key)
    case 'list':
      return await client.lrangeBuffer(key, 0, -1)
    case 'none':
      return []
    default:
      throw new Error(`expected a type the search can read, got ${type} of ${key}`)
  }
}

/** Every document of every collection, as the bytes MongoDB keeps. */
export async function searchMongo(
  search: CanarySearch,
  { connection }: Database
): Promise<Finding[]> {
  const { db } = connection
  if (db === undefined) throw new Error('expected a connection to MongoDB, got none')
  const findings: Finding[] = []
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    for await (const document of db.collection(name).find({}, { raw: true })) {
      findings.push(...at(`collection ${name}`, search.formsIn(document as unknown as Buffer)))
    }
  }
  return findings
}
