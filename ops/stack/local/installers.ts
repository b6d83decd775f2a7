/**
 * How each program of the local stack is fetched into an empty folder. What each run yields is
 * checked: files by the committed checksums, the Go module by its sum, Debian packages by apt's
 * signatures. The host names of mirrors come from the machine's own settings.
 *
 * @module
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../command.ts'
import type { StackConfig } from '../config.ts'
import { StackError } from '../errors.ts'
import { readChecksums, selectChecksums, verifyFolder } from './checksums.ts'
import { type ProgramName, VERSIONS } from './programs.ts'

/** Fills an empty folder and returns facts worth keeping in the stamp. */
export type Installer = (dir: string, config: StackConfig) => Promise<Record<string, string>>

const POM_FILE = fileURLToPath(new URL('pom.xml', import.meta.url))
const REGISTRY_TARBALL = `apicurio-registry-app-${VERSIONS.apicurio}-all.tar.gz`
const FERRETDB_MODULE = 'github.com/FerretDB/FerretDB/v2'
/** The module's sum in Go's checksum database; the go command checks its dependencies by go.sum. */
const FERRETDB_SUM = 'h1:e68kyioANdGrATjgVINPCJgsSN7H+cOPMDGvJoYxz5E='
/** The Debian release that has the DocumentDB extension. */
const DEBIAN_SUITE = 'forky'

/** The installer of each program. */
export const INSTALLERS: Readonly<Record<ProgramName, Installer>> = {
  kafka: installKafka,
  registry: installRegistry,
  ferretdb: installFerretdb,
  postgres: installPostgres
}

async function installKafka(dir: string): Promise<Record<string, string>> {
  await maven('Fetching Kafka', [
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${dir}`
  ])
  const jars = selectChecksums(await readChecksums(), (name) => name.endsWith('.jar'))
  await verifyFolder(dir, jars)
  return { files: String(jars.size) }
}

async function installRegistry(dir: string): Promise<Record<string, string>> {
  const artifact = `io.apicurio:apicurio-registry-app:${VERSIONS.apicurio}:tar.gz:all`
  await maven('Fetching the registry', [
    'dependency:copy',
    `-Dartifact=${artifact}`,
    `-DoutputDirectory=${dir}`
  ])
  const tarball = selectChecksums(await readChecksums(), (name) => name === REGISTRY_TARBALL)
  await verifyFolder(dir, tarball)
  const file = join(dir, REGISTRY_TARBALL)
  await mustRun('Unpacking the registry', { file: 'tar', args: ['-xzf', file, '-C', dir] })
  await rm(file)
  return Object.fromEntries(tarball)
}

async function installFerretdb(dir: string): Promise<Record<string, string>> {
  const target = `${FERRETDB_MODULE}/cmd/ferretdb@v${VERSIONS.ferretdb}`
  await mustRun('Building FerretDB', {
    file: 'go',
    args: ['install', '-trimpath', target],
    // Outside of any Go module, so that no go.mod above interferes.
    cwd: dir,
    environment: { GOBIN: dir }
  })
  const built = await mustRun('Reading the build of FerretDB', {
    file: 'go',
    args: ['version', '-m', join(dir, 'ferretdb')]
  })
  const module = built.stdout.split('\n').find((line) => line.includes(`mod\t${FERRETDB_MODULE}\t`))
  const sum = module?.trim().split('\t')[3]
  if (sum !== FERRETDB_SUM) {
    throw new StackError(
      'HAIL_STACK_CHECKSUM',
      `${target} has the sum ${sum ?? 'none'}, expected ${FERRETDB_SUM}; do not use that proxy`
    )
  }
  return { sum, go: built.stdout.split('\n')[0]?.split(' ').at(-1) ?? '' }
}

async function installPostgres(dir: string, config: StackConfig): Promise<Record<string, string>> {
  const mirror = config.debianMirror ?? (await machineMirror())
  const server = `postgresql-${VERSIONS.postgres}`
  const extension = `${server}-documentdb`
  await mkdir(dir, { recursive: true })
  await mustRun('Building the root folder of PostgreSQL', {
    file: 'mmdebstrap',
    args: [
      ...['--variant=apt', `--include=${server},${extension}`],
      // Mirrors that are frozen at a day serve lists past their date; signatures are still checked.
      `--aptopt=Acquire::Check-Valid-Until "false"`,
      '--aptopt=Acquire::Retries "3"',
      ...['doc', 'man', 'locale', 'info'].map(
        (part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`
      ),
      ...[DEBIAN_SUITE, dir, mirror]
    ]
  })
  const query = await mustRun('Listing the packages of PostgreSQL', {
    file: 'chroot',
    args: [dir, 'dpkg-query', '-W', server, extension, 'libc6'],
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
  })
  return Object.fromEntries(
    query.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t') as [string, string])
  )
}

/** The mirror that this machine's apt uses for Debian's main archive. */
async function machineMirror(): Promise<string> {
  const { stdout } = await mustRun('Asking apt for its mirror', {
    file: 'apt-get',
    args: ['indextargets', '--format', '$(ORIGIN)|$(LABEL)|$(SITE)', 'Created-By: Packages']
  })
  const mirror = mainMirror(stdout)
  if (mirror === undefined) {
    throw new StackError(
      'HAIL_STACK_INSTALL',
      'apt names no mirror of Debian; run apt-get update, or set STACK_DEBIAN_MIRROR to a URL'
    )
  }
  return mirror
}

/** The first site whose label is Debian: not its security archive and not another vendor's. */
export function mainMirror(targets: string): string | undefined {
  const lines = targets.split('\n').map((line) => line.trim().split('|'))
  return lines.find(
    ([origin, label, site]) => origin === 'Debian' && label === 'Debian' && site
  )?.[2]
}

async function maven(what: string, args: readonly string[]): Promise<void> {
  await mustRun(what, { file: 'mvn', args: ['-B', '-ntp', '-q', '-f', POM_FILE, ...args] })
}
