/**
 * One file of spilled records: appended to by one writer, whose bytes count once they are on the disk.
 *
 * @module
 */
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Forces the data of a file to the disk; a test's may fail. */
export type SyncFile = (file: FileHandle) => Promise<void>

/** See the module. */
export class Segment {
  readonly path: string
  readonly #sync: SyncFile
  #file: FileHandle | null = null
  #bytes: number
  #isSealed: boolean

  /** @param bytes of a segment found on the disk, which takes no more; null makes a new one */
  constructor(path: string, bytes: number | null, sync: SyncFile) {
    this.path = path
    this.#bytes = bytes ?? 0
    this.#isSealed = bytes !== null
    this.#sync = sync
  }

  /** Bytes that are on the disk for good. */
  get bytes(): number {
    return this.#bytes
  }

  get isSealed(): boolean {
    return this.#isSealed
  }

  /**
   * Resolves once the bytes are on the disk. After a failure nothing is known of what lies behind
   * `bytes`: it is cut off as far as that works, and the segment takes no more.
   */
  async append(bytes: Buffer): Promise<void> {
    try {
      this.#file ??= await create(this.path)
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(
          bytes,
          at,
          bytes.length - at,
          this.#bytes + at
        )
        at += bytesWritten
      }
      await this.#sync(this.#file)
      this.#bytes += bytes.length
    } catch (error) {
      await this.#file?.truncate(this.#bytes).catch(() => undefined)
      await this.seal()
      throw error
    }
  }

  /** Up to `bytesMax` bytes from `at` on, of those on the disk. */
  async read(at: number, bytesMax: number): Promise<Buffer> {
    const wanted = Buffer.allocUnsafe(Math.min(bytesMax, this.#bytes - at))
    const file = await open(this.path, 'r')
    try {
      let got = 0
      while (got < wanted.length) {
        const { bytesRead } = await file.read(wanted, got, wanted.length - got, at + got)
        if (bytesRead === 0) break
        got += bytesRead
      }
      return wanted.subarray(0, got)
    } finally {
      await file.close()
    }
  }

  async seal(): Promise<void> {
    this.#isSealed = true
    const file = this.#file
    this.#file = null
    await file?.close().catch(() => undefined)
  }

  /** Cuts a tail off a segment found on the disk. */
  async cut(bytes: number): Promise<void> {
    const file = await open(this.path, 'r+')
    try {
      await file.truncate(bytes)
      await file.datasync()
      this.#bytes = bytes
    } finally {
      await file.close()
    }
  }

  async remove(): Promise<void> {
    await this.seal()
    // A segment whose first write failed has no file.
    await unlink(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
}

/** A new file is only there for good once its folder, and that folder's name, are on the disk too. */
const create = async (path: string): Promise<FileHandle> => {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const file = await open(path, 'wx')
  await syncFolder(folder)
  await syncFolder(dirname(folder))
  return file
}

/** Forces the names in a folder to the disk. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
