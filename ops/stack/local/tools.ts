/**
 * The tools that setup needs from the machine. All that are missing are told at once, each with the
 * way to get it; what apt can install as root is installed.
 *
 * @module
 */
import { mustRun, runCommand } from '../command.ts'
import type { StackConfig } from '../config.ts'
import { StackError } from '../errors.ts'
import { type Report, withProgress } from '../progress.ts'
import { findJava, findProgram, type ProgramName } from './programs.ts'

/** What is on this machine. */
export type ToolFacts = {
  /** Version line of java, or undefined when there is none. */
  java: string | undefined
  isRoot: boolean
  platform: NodeJS.Platform
  /** Names of programs that were found. */
  found: ReadonlySet<string>
}

const JAVA_MAJOR_MIN = 17
const SOUGHT = ['mvn', 'go', 'tar', 'apt-get', 'mmdebstrap', 'redis-server', 'unshare', 'chroot']

/** Looks at the machine. */
export async function toolFacts(config: StackConfig): Promise<ToolFacts> {
  const places = await Promise.all(SOUGHT.map(findProgram))
  const java = await findJava(config)
  return {
    java: java === undefined ? undefined : await javaVersion(java),
    isRoot: process.getuid?.() === 0,
    platform: process.platform,
    found: new Set(SOUGHT.filter((_, index) => places[index] !== undefined))
  }
}

/** One sentence for each thing that is missing to install these programs and to run the stack. */
export function missingTools(facts: ToolFacts, wanted: ReadonlySet<ProgramName>): string[] {
  const missing: string[] = []
  const need = (isThere: boolean, advice: string) => {
    if (!isThere) {
      missing.push(advice)
    }
  }
  const has = (name: string) => facts.found.has(name)
  const canInstall = facts.isRoot && has('apt-get')
  need(facts.platform === 'linux', 'Linux: on other systems use STACK=compose with Docker')
  need(
    javaMajor(facts.java) >= JAVA_MAJOR_MIN,
    `java ${JAVA_MAJOR_MIN} or newer (found: ${facts.java ?? 'none'}): ` +
      'apt-get install openjdk-17-jre-headless, or set JAVA_HOME'
  )
  need(facts.isRoot, 'root: PostgreSQL runs in a root folder of its own (chroot); use sudo')
  need(has('unshare') && has('chroot'), 'unshare and chroot: apt-get install util-linux coreutils')
  if (wanted.has('kafka') || wanted.has('registry')) {
    need(has('mvn'), 'mvn, to fetch Kafka and the registry: apt-get install maven')
    need(has('tar'), 'tar: apt-get install tar')
  }
  if (wanted.has('ferretdb')) {
    need(has('go'), 'go 1.24 or newer, to build FerretDB: install Go and put it into the PATH')
  }
  if (wanted.has('postgres')) {
    need(has('apt-get'), 'apt: PostgreSQL comes from Debian packages')
    need(has('mmdebstrap') || canInstall, 'mmdebstrap: apt-get install mmdebstrap')
  }
  need(has('redis-server') || canInstall, 'redis-server: apt-get install redis-server')
  return missing
}

/**
 * Installs what apt can and checks the rest.
 *
 * @throws StackError HAIL_STACK_MISSING_TOOL listing everything that is missing
 */
export async function provideTools(
  config: StackConfig,
  wanted: ReadonlySet<ProgramName>,
  report: Report
): Promise<void> {
  const facts = await toolFacts(config)
  const missing = missingTools(facts, wanted)
  if (missing.length > 0) {
    throw new StackError(
      'HAIL_STACK_MISSING_TOOL',
      `A local stack needs:\n  - ${missing.join('\n  - ')}\n` +
        'Or give the addresses of running servers in KAFKA_BROKERS, SCHEMA_REGISTRY_URL, ' +
        'REDIS_URL and MONGO_URL'
    )
  }
  const packages = [
    ...(facts.found.has('redis-server') ? [] : ['redis-server']),
    ...(wanted.has('postgres') && !facts.found.has('mmdebstrap') ? ['mmdebstrap'] : [])
  ]
  if (packages.length > 0) {
    await withProgress(report, `apt: installing ${packages.join(', ')}`, () => aptInstall(packages))
  }
}

/** The major version in the first line of `java -version`, or 0. */
export function javaMajor(versionLine: string | undefined): number {
  const match = /version "(?:1\.)?(\d+)/.exec(versionLine ?? '')
  return match === null ? 0 : Number(match[1])
}

async function javaVersion(java: string): Promise<string | undefined> {
  const { stderr, status } = await runCommand({ file: java, args: ['-version'] })
  return status === 0 ? stderr.split('\n')[0] : undefined
}

async function aptInstall(packages: readonly string[]): Promise<void> {
  const environment = { DEBIAN_FRONTEND: 'noninteractive' }
  const args = ['install', '-y', '--no-install-recommends', ...packages]
  const first = await runCommand({ file: 'apt-get', args, environment })
  if (first.status === 0) {
    return
  }
  // A fresh machine has no package lists, an old one has stale ones.
  await mustRun('Updating the package lists', { file: 'apt-get', args: ['update'], environment })
  await mustRun(`Installing ${packages.join(', ')}`, { file: 'apt-get', args, environment })
}
