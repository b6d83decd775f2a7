/**
 * Whether files are there.
 *
 * @module
 */
import { access, rmdir } from 'node:fs/promises'

/** True when something has this name. */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (isMissing(error)) {
      return false
    }
    throw error
  }
}

/** Removes a folder if nothing is in it; leaves it alone otherwise. */
export async function removeEmptyFolder(dir: string): Promise<void> {
  try {
    await rmdir(dir)
  } catch (error) {
    if (!isMissing(error) && !hasCode(error, 'ENOTEMPTY')) {
      throw error
    }
  }
}

/** True for "no such file or directory". */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT')
}

/** True for an error of the operating system with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
