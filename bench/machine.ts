/**
 * @module Where the figures come from: the machine and the versions of what ran on it.
 */
import { readFile } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { runCommand } from '../ops/stack/command.ts'
import { VERSIONS } from '../ops/stack/local/programs.ts'
import { repositoryDir } from './config.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  /** Load averages (1, 5, 15 min) when the bench began: above 0.5 somebody else was at work. */
  readonly loadAtStart: readonly number[]
}

export interface Versions {
  readonly node: string
  readonly java: string
  readonly kafka: string
  readonly kafkaStreams: string
  readonly redis: string
  readonly commit: string
}

export function describeMachine(): Machine {
  const processors = cpus()
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    loadAtStart: loadavg().map((load) => Math.round(load * 100) / 100)
  }
}

export async function describeVersions(): Promise<Versions> {
  const [java, redis, commit, pom] = await Promise.all([
    firstLine('java', ['-version']),
    firstLine('redis-server', ['--version']),
    firstLine('git', ['-C', repositoryDir, 'describe', '--always', '--dirty']),
    readFile(`${repositoryDir}bench/peers/kafka-streams/pom.xml`, 'utf8')
  ])
  return {
    node: process.version,
    java,
    kafka: VERSIONS.kafka,
    kafkaStreams: /kafka-streams<\/artifactId>\s*<version>([^<]+)</.exec(pom)?.[1] ?? 'unknown',
    redis: /v=(\S+)/.exec(redis)?.[1] ?? redis,
    commit
  }
}

/** First line that a program prints, on either output; `unknown` when it cannot be run. */
async function firstLine(file: string, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runCommand({ file, args })
  const [line = ''] = `${stdout}${stderr}`.split('\n')
  return status === 0 && line !== '' ? line : 'unknown'
}
