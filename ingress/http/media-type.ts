/**
 * What a body may be: plain JSON in UTF-8, nothing else.
 *
 * @module
 */
import { Problem } from './problem.ts'

const mediaTypePattern = /^application\/json\s*(;\s*charset=("?)utf-8\2\s*)?$/i

/** Refuses anything but plain JSON. */
export const refuseMediaType = (headers: Readonly<Record<string, string>>): void => {
  const type = headers['content-type']
  const encoding = headers['content-encoding']
  const isPlain = encoding === undefined || encoding.toLowerCase() === 'identity'
  if (type === undefined || !mediaTypePattern.test(type.trim()) || !isPlain) {
    throw new Problem('unsupported_media_type', {
      detail: 'Expected content-type application/json in UTF-8 without content-encoding'
    })
  }
}
