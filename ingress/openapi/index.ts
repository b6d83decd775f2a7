/**
 * The API describes itself: OpenAPI from the routes, a page to read, the catalogue of problems.
 *
 * @module
 */
export { problemEntry } from './about-paths.ts'
export { type ApiDocument, createDocument } from './document.ts'
export { isObject, type JsonSchema } from './json-schema.ts'
export { type AnyRoute, pathParameters, templateOf } from './operation.ts'
export { createPages } from './pages.ts'
export { dereference, resolve } from './references.ts'
export { problemsOf } from './route-problems.ts'
export { apiVersion } from './version.ts'
