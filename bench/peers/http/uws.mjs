/** @module uWebSockets.js alone that parses the body and sends it back. Argument: port. */
import uws from 'uWebSockets.js'

const app = uws.App()
app.post('/api/v1/rides', (response) => {
  let kept = Buffer.alloc(0)
  response.onAborted(() => undefined)
  response.onData((chunk, isLast) => {
    const part = Buffer.from(chunk)
    const body = kept.length === 0 ? part : Buffer.concat([kept, part])
    if (!isLast) {
      // The bytes of a chunk are gone after this call.
      kept = Buffer.from(body)
      return
    }
    const answer = JSON.stringify(JSON.parse(body.toString('utf8')))
    response.writeStatus('202 Accepted').writeHeader('content-type', 'application/json').end(answer)
  })
})
app.listen('127.0.0.1', Number(process.argv[2]), (socket) => {
  if (!socket) process.exit(1)
})
