/**
 * @module What a program is made from: the arguments of the process and the topics of one application.
 */
import {
  bytesFormat,
  type Format,
  type SubTopology,
  type TopicSpec
} from '../../../streams/runtime/index.ts'

export interface ProgramSettings {
  /** Names the application: its group, changelogs and state. */
  readonly app: string
  /** Input topics; a join has two. */
  readonly inputs: readonly [TopicSpec<Buffer>, ...TopicSpec<Buffer>[]]
  readonly output: string
  readonly partitions: number
  readonly windowMs: number
  readonly graceMs: number
  readonly commitMs: number
}

export type Program = (settings: ProgramSettings) => readonly SubTopology[]

/** Bytes as they are; tells when the first value is decoded, where the peer's deserializer does. */
export function firstRecordFormat(onFirst: () => void): Format<Buffer> {
  let isFirst = true
  return {
    ...bytesFormat,
    decode: (bytes, codec) => {
      if (isFirst) {
        isFirst = false
        onFirst()
      }
      return bytesFormat.decode(bytes, codec)
    }
  }
}
