/**
 * The native uWebSockets.js build of this machine.
 *
 * hyper-express asks for uWebSockets.js by a GitHub address, which a build machine may not reach.
 * Two packages of the npm registry carry the same addon: the modern one needs glibc 2.38 or newer,
 * the older one runs on Node 20 with any glibc but has no TLS. The first that loads is used.
 */
const candidates = ['@btc-vision/uwebsockets.js', '@trufflesuite/uws-js-unofficial']

const failures = []
for (const name of candidates) {
  try {
    module.exports = require(name)
    module.exports.build = name
    break
  } catch (error) {
    failures.push(`${name}: ${String(error.message).split('\n')[0]}`)
  }
}
if (failures.length === candidates.length) {
  throw new Error(
    `expected a uWebSockets.js build for Node ${process.version} on ${process.platform}, none loads ` +
      `(${failures.join('; ')}). Use Node 20 on any glibc, or Node 20, 22 or 24 on glibc 2.38 or newer`
  )
}
