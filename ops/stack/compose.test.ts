import { describe, expect, it } from 'vitest'
import type { Command, CommandResult } from './command.ts'
import { composeCommand, composeEnvironment, engineAnswers, hasImages } from './compose.ts'
import { readConfig } from './config.ts'

const OK: CommandResult = { status: 0, stdout: '', stderr: '' }
const FAILED: CommandResult = { status: 1, stdout: '', stderr: 'no' }

function fakeDocker(answer: (line: string) => CommandResult) {
  const lines: string[] = []
  const run = async ({ file, args }: Command) => {
    const line = [file, ...args].join(' ')
    lines.push(line)
    return answer(line)
  }
  return { run, lines }
}

describe('compose', () => {
  it('has an engine only if both the engine and its compose command answer', async () => {
    expect(await engineAnswers(fakeDocker(() => OK).run)).toBe(true)
    expect(await engineAnswers(fakeDocker(() => FAILED).run)).toBe(false)
    const withoutCompose = fakeDocker((line) => (line.includes('compose') ? FAILED : OK))
    expect(await engineAnswers(withoutCompose.run)).toBe(false)
  })

  it('looks for each image that the file names', async () => {
    const docker = fakeDocker((line) =>
      line.includes('--images') ? { ...OK, stdout: 'a:1\nb:2\n' } : OK
    )
    expect(await hasImages(readConfig({}), docker.run)).toBe(true)
    expect(docker.lines.at(-1)).toBe('docker image inspect a:1 b:2')
  })

  it('has no images when one is missing or none is named', async () => {
    const missing = fakeDocker((line) =>
      line.includes('--images') ? { ...OK, stdout: 'a:1\n' } : FAILED
    )
    expect(await hasImages(readConfig({}), missing.run)).toBe(false)
    expect(await hasImages(readConfig({}), fakeDocker(() => OK).run)).toBe(false)
  })

  it('keeps stacks apart by project and ports', () => {
    const config = readConfig({ STACK_NAME: 'test' })
    expect(composeCommand(config, ['ps']).args).toContain('hailstream-test')
    expect(composeEnvironment(config.ports)).toEqual({
      KAFKA_PORT: '9192',
      REGISTRY_PORT: '8181',
      REDIS_PORT: '6479',
      MONGO_PORT: '27117'
    })
  })
})
