/**
 * The loader of register.mjs, on the esbuild that tsx brings along.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const requireHere = createRequire(import.meta.url)
const { transform } = createRequire(requireHere.resolve('tsx'))('esbuild')

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context)
  const sourcefile = fileURLToPath(url)
  const { code } = await transform(await readFile(sourcefile, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcefile
  })
  return { format: 'module', source: code, shortCircuit: true }
}
