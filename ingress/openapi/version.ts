/**
 * The version of the HTTP API, apart from that of the program: the major is the one of the base path,
 * the minor grows with what is added. `docs/api-changelog.md` says what came with each, and a test
 * compares the API with the released description `docs/openapi.released.json`.
 *
 * @module
 */

/** Semantic version of the API. */
export const apiVersion = '1.0.0'
