/**
 * @module On OFFSET_OUT_OF_RANGE kafkajs commits the special offset -2 or -1 to the group,
 * autoCommit or not, and reads on as if nothing had happened: records are skipped or repeated
 * silently. The consumer has to crash instead, so that its owner decides.
 */

import type { Patch } from './patch.ts'

type OffsetManager = {
  setDefaultOffset(place: { topic: string; partition: number }): Promise<void>
}
type LibraryErrors = {
  readonly KafkaJSNonRetriableError: new (message: string) => Error
}

export const offsetOutOfRange: Patch = {
  name: 'offset-out-of-range',
  apply(modules) {
    const { prototype } = modules.load<{ prototype: OffsetManager }>(
      'src/consumer/offsetManager/index'
    )
    const { KafkaJSNonRetriableError } = modules.load<LibraryErrors>('src/errors')
    prototype.setDefaultOffset = async ({ topic, partition }): Promise<void> => {
      throw new KafkaJSNonRetriableError(
        `offset to read is not in the log of ${topic}-${partition}; reset the group's offset by hand`
      )
    }
  }
}
