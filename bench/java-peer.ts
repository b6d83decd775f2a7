/**
 * @module The peer on Java Kafka Streams: built on first use and after each change of its sources.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../ops/stack/command.ts'
import type { Report, StackConfig } from '../ops/stack/index.ts'
import { readJsonFile, writeJsonFile } from '../ops/stack/json-file.ts'
import { findJava, findProgram } from '../ops/stack/local/programs.ts'
import { withProgress } from '../ops/stack/progress.ts'
import type { ChildCommand } from './child-process.ts'
import { repositoryDir } from './config.ts'

const projectDir = join(repositoryDir, 'bench/peers/kafka-streams')
const targetDir = join(projectDir, 'target')
const stampFile = join(targetDir, 'bench-stamp.json')

/** The built peer. */
export interface JavaPeer {
  readonly javaFile: string
}

/** Builds what is not built. Throws an Error that names the missing tool, or the end of the build's log. */
export async function buildJavaPeer(config: StackConfig, tell: Report): Promise<JavaPeer> {
  const [javaFile, maven] = await Promise.all([findJava(config), findProgram('mvn')])
  if (javaFile === undefined || maven === undefined) {
    throw new Error(
      'the bench compares with Java Kafka Streams and needs java 17 and mvn: ' +
        'apt-get install openjdk-17-jdk-headless maven'
    )
  }
  const sources = await digestOfSources()
  const stamp = await readJsonFile(stampFile)
  const isBuilt =
    typeof stamp === 'object' && stamp !== null && 'sources' in stamp && stamp.sources === sources
  if (!isBuilt) {
    await withProgress(tell, 'building the peer on Java Kafka Streams', async () => {
      const args = ['-B', '-ntp', '-q', '-f', join(projectDir, 'pom.xml'), 'clean', 'package']
      await mustRun('Building the peer', { file: maven, args })
    })
    await writeJsonFile(stampFile, { sources })
  }
  return { javaFile }
}

/** The command that runs the peer with these arguments. The heap is the JVM's own default. */
export function javaCommand(peer: JavaPeer, args: readonly string[]): ChildCommand {
  return {
    file: peer.javaFile,
    args: [
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
      '-cp',
      `${join(targetDir, 'peer.jar')}:${join(targetDir, 'lib')}/*`,
      'hailstream.bench.Main',
      ...args
    ]
  }
}

async function digestOfSources(): Promise<string> {
  const sourceDir = join(projectDir, 'src')
  const entries = await readdir(sourceDir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const paths = files.map((file) => join(file.parentPath, file.name)).toSorted()
  const hash = createHash('sha256')
  for (const path of [join(projectDir, 'pom.xml'), ...paths]) hash.update(await readFile(path))
  return hash.digest('hex')
}
