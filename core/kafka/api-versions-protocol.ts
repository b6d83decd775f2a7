/**
 * @module What the whole cluster has agreed on: the features it has finalised (KIP-584), with their
 * levels. kafkajs asks for an older version of the answer, which does not have them.
 */

import { ByteReader } from './byte-reader.ts'
import type { RawCall } from './raw-call.ts'

/** Of the answer's tagged fields. */
const finalisedFeaturesTag = 2
/** Brokers count their clients by these; letters, digits, dots and hyphens. */
const software = { name: 'hailstream', version: '1' }

export type ApiVersionsAnswer = {
  readonly throttleMs: number
  readonly errorCode: number
  /** Level in force, by name; none on brokers that finalise nothing. */
  readonly features: ReadonlyMap<string, number>
}

/** Version 3, of brokers from 2.4 on. */
export function apiVersionsCall(): RawCall<ApiVersionsAnswer> {
  return {
    apiKey: 18,
    apiVersion: 3,
    apiName: 'ApiVersions',
    hasClassicAnswerHeader: true,
    write: (writer) => {
      writer.compactText(software.name)
      writer.compactText(software.version)
      writer.noTags()
    },
    read: (reader) => {
      const errorCode = reader.int16()
      reader.compactArray(() => {
        // An api with its oldest and newest version.
        for (let i = 0; i < 3; i += 1) reader.int16()
        reader.skipTags()
      })
      const throttleMs = reader.int32()
      const finalised = reader.tags().get(finalisedFeaturesTag)
      const features = finalised === undefined ? [] : readFeatures(new ByteReader(finalised))
      return { throttleMs, errorCode, features: new Map(features) }
    }
  }
}

function readFeatures(reader: ByteReader): [name: string, level: number][] {
  return reader.compactArray(() => {
    const name = reader.compactText()
    const level = reader.int16()
    // The lowest level.
    reader.int16()
    reader.skipTags()
    return [name, level]
  })
}
