import { describe } from 'vitest'
import { MemoryState } from './memory-state.ts'
import { testStateBackend } from './state-backend-contract.ts'

describe('the state backend in memory', () => {
  testStateBackend(() => ({ backend: new MemoryState(), task: 'probe-s-0' }))
})
