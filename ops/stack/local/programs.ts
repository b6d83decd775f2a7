/**
 * What a local stack installs, pinned, and where each thing lies.
 *
 * @module
 */
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { inheritedEnvironment, type StackConfig } from '../config.ts'
import { StackError } from '../errors.ts'

/** Versions in one place; a new one is installed beside the old one. */
export const VERSIONS = {
  kafka: '4.1.1',
  apicurio: '2.6.13.Final',
  ferretdb: '2.7.0',
  postgres: '18'
} as const

/** Folder of an installed program inside the folder of programs. */
export const PROGRAM_DIRS = {
  kafka: `kafka-${VERSIONS.kafka}`,
  registry: `apicurio-registry-${VERSIONS.apicurio}`,
  ferretdb: `ferretdb-${VERSIONS.ferretdb}`,
  postgres: `postgres-${VERSIONS.postgres}`
} as const

/** A program with a folder of its own. */
export type ProgramName = keyof typeof PROGRAM_DIRS

// Where Debian keeps chroot and the like; not in everyone's PATH.
const SYSTEM_DIRS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** Full path of a program of the PATH, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const path = inheritedEnvironment()['PATH'] ?? ''
  for (const dir of [...path.split(delimiter), ...SYSTEM_DIRS]) {
    const file = join(dir, name)
    if (dir !== '' && (await isExecutable(file))) {
      return file
    }
  }
  return undefined
}

/** Full path of the java that runs Kafka and the registry, or undefined. */
export async function findJava(config: StackConfig): Promise<string | undefined> {
  if (config.javaHome !== undefined) {
    const java = join(config.javaHome, 'bin', 'java')
    return (await isExecutable(java)) ? java : undefined
  }
  return await findProgram('java')
}

/**
 * Full path of a program that must be there.
 *
 * @throws StackError HAIL_STACK_MISSING_TOOL
 */
export async function requireProgram(name: string): Promise<string> {
  const file = await findProgram(name)
  if (file === undefined) {
    throw new StackError('HAIL_STACK_MISSING_TOOL', `${name} is not installed; run make setup`)
  }
  return file
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
