/**
 * Bytes over a bare socket, for requests no well-behaved client would send.
 *
 * @module
 */
import { connect, type Socket } from 'node:net'

/** Connects; collects what comes back. */
export const openSocket = async (
  port: number
): Promise<{ socket: Socket; closed: Promise<string>; received: () => string }> => {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  // A reset is one way for the server to end a connection.
  socket.on('error', () => undefined)
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(text)))
  await new Promise((resolve) => socket.once('connect', resolve))
  return { socket, closed, received: () => text }
}

/** Sends all of it, and returns everything up to the end of the connection. */
export const exchangeRaw = async (port: number, request: string | Buffer): Promise<string> => {
  const { socket, closed } = await openSocket(port)
  socket.write(request)
  return closed
}
