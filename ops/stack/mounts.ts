/**
 * Undoes mounts below a folder before the folder is deleted: removing a half-made root with the
 * machine's /dev or /proc still mounted in it would remove those.
 *
 * @module
 */
import { readFile, rm } from 'node:fs/promises'
import { mustRun } from './command.ts'

/** Unmounts all below the folder, deepest first, then deletes it. */
export async function removeTree(dir: string): Promise<void> {
  for (const mountPoint of mountPointsBelow(await mountTable(), dir)) {
    await mustRun(`Unmounting ${mountPoint}`, { file: 'umount', args: [mountPoint] })
  }
  await rm(dir, { recursive: true, force: true })
}

/** Mount points at or below a folder, deepest first, from the text of `/proc/self/mounts`. */
export function mountPointsBelow(table: string, dir: string): string[] {
  return table
    .split('\n')
    .flatMap((line) => line.split(' ').slice(1, 2))
    .map((point) => point.replace(/\\([0-7]{3})/g, (_, code) => octalCharacter(code)))
    .filter((point) => point === dir || point.startsWith(`${dir}/`))
    .reverse()
}

async function mountTable(): Promise<string> {
  try {
    return await readFile('/proc/self/mounts', 'utf8')
  } catch {
    // Not Linux: nothing was mounted by us.
    return ''
  }
}

function octalCharacter(code: string): string {
  return String.fromCharCode(Number.parseInt(code, 8))
}
