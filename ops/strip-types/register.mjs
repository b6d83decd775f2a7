/**
 * Lets a Node that cannot read TypeScript by itself run it with its types taken away and nothing
 * added. tsx keeps the names of functions by wrapping each function in a call whenever it is
 * created, which programs with small functions in their inner loops pay for; newer Nodes strip
 * types and do nothing else, and so does this.
 *
 * @module
 */
import { register } from 'node:module'

register('./hooks.mjs', import.meta.url)
