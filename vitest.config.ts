/**
 * @module Test projects. `unit` needs nothing; the others get real servers from `ops/stack/for-tests.ts`.
 */
import { defineConfig } from 'vitest/config'

const ignored = ['**/node_modules/**', '**/.local/**', '**/out/**']
const servers = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 180_000 }

export default defineConfig({
  test: {
    passWithNoTests: false,
    // By default one core is left alone, which is half of a small machine.
    maxWorkers: '100%',
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...ignored, 'test/integration/**', 'test/e2e/**', 'test/crash/**'],
          testTimeout: 120_000,
          // Files of a worker share its modules: importing them anew was a third of the time. No test mocks
          // a module or leaves something in one, so their order does not matter.
          isolate: false,
          // As make and the supervisor set it; the web server reads it when it is loaded.
          env: { UWS_HTTP_MAX_HEADERS_SIZE: '16384' }
        }
      },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...servers } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          ...servers,
          // One of them reads everything the others have written.
          testTimeout: 180_000
        }
      },
      { test: { name: 'crash', include: ['test/crash/**/*.test.ts'], ...servers } }
    ]
  }
})
