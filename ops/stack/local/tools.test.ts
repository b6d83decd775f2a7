import { describe, expect, it } from 'vitest'
import { mainMirror } from './installers.ts'
import type { ProgramName } from './programs.ts'
import { javaMajor, missingTools, type ToolFacts } from './tools.ts'

const EVERYTHING: ReadonlySet<ProgramName> = new Set(['kafka', 'registry', 'ferretdb', 'postgres'])

function aMachine(overrides: Partial<ToolFacts> & { without?: readonly string[] }): ToolFacts {
  const { without = [], ...rest } = overrides
  const all = ['mvn', 'go', 'tar', 'apt-get', 'mmdebstrap', 'redis-server', 'unshare', 'chroot']
  return {
    java: 'openjdk version "17.0.15" 2025-04-15',
    isRoot: true,
    platform: 'linux',
    found: new Set(all.filter((name) => !without.includes(name))),
    ...rest
  }
}

describe('missingTools', () => {
  it('misses nothing on a complete machine', () => {
    expect(missingTools(aMachine({}), EVERYTHING)).toEqual([])
  })

  it('names everything at once, with the way to get it', () => {
    const facts = aMachine({
      java: undefined,
      isRoot: false,
      without: ['mvn', 'go', 'redis-server']
    })
    const missing = missingTools(facts, EVERYTHING)
    for (const [index, name] of ['java 17', 'root', 'mvn', 'go 1.24', 'redis-server'].entries()) {
      expect(missing[index]).toMatch(new RegExp(`^${name}.*(:|,)`))
    }
    expect(missing).toHaveLength(5)
  })

  it('leaves to apt what apt can install', () => {
    const facts = aMachine({ without: ['redis-server', 'mmdebstrap'] })
    expect(missingTools(facts, EVERYTHING)).toEqual([])
  })

  it('asks only for the tools of what is still to be installed', () => {
    const facts = aMachine({ without: ['mvn', 'go', 'mmdebstrap'] })
    expect(missingTools(facts, new Set())).toEqual([])
  })

  it('sends other systems to containers', () => {
    expect(missingTools(aMachine({ platform: 'darwin' }), EVERYTHING)[0]).toContain('STACK=compose')
  })
})

describe('javaMajor', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_392"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['not java', 0],
    [undefined, 0]
  ])('of %s is %i', (line, major) => {
    expect(javaMajor(line)).toBe(major)
  })
})

describe('mainMirror', () => {
  it('takes the main archive of Debian, not security or another vendor', () => {
    const targets = [
      'Example|Example|http://vendor.test/apt',
      'Debian|Debian-Security|http://mirror.test/security',
      'Debian|Debian|http://mirror.test/debian'
    ]
    expect(mainMirror(targets.join('\n'))).toBe('http://mirror.test/debian')
    expect(mainMirror('')).toBeUndefined()
  })
})
