/**
 * Bytes over a bare socket, for requests no well-behaved client would send.
 *
 * @module
 */
import { connect, type Socket } from 'node:net'

/** A connection and what came back over it. */
export type RawConnection = {
  socket: Socket
  /** All that came, once the connection has ended. */
  closed: Promise<string>
  received: () => string
  /** What came, once it is enough or the connection has ended. */
  until: (isEnough: (received: string) => boolean) => Promise<string>
}

/** Connects; collects what comes back. */
export const openSocket = async (port: number): Promise<RawConnection> => {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  // A reset is one way for the server to end a connection.
  socket.on('error', () => undefined)
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(text)))
  await new Promise((resolve) => socket.once('connect', resolve))
  const until = (isEnough: (received: string) => boolean): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (isEnough(text)) resolve(text)
      }
      socket.on('data', look)
      void closed.then(resolve)
      look()
    })
  return { socket, closed, received: () => text, until }
}

/** Sends all of it, and returns everything up to the end of the connection. */
export const exchangeRaw = async (port: number, request: string | Buffer): Promise<string> => {
  const { socket, closed } = await openSocket(port)
  socket.write(request)
  return closed
}

/** Sends each part in a packet of its own: the server, on the same event loop, reads in between. */
export const sendParts = async (
  socket: Socket,
  parts: readonly (string | Buffer)[]
): Promise<void> => {
  for (const part of parts) {
    await new Promise<void>((resolve) => socket.write(part, () => resolve()))
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A request as text; its headers are `name: value` lines. */
export const rawRequest = (
  line: string,
  headers: readonly string[],
  body: string | Buffer = ''
): string =>
  `${line} HTTP/1.1\r\nhost: x\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n${body}`

/** Sends a request and gives `count` whole answers, or those before the connection ended. */
export const answersTo = async (port: number, request: string, count = 1): Promise<RawReply[]> => {
  const { socket, until } = await openSocket(port)
  socket.write(request)
  const received = await until((text) => wholeReplies(text) >= count)
  socket.destroy()
  return parseReplies(received)
}

/** How many answers have come to their end. */
export const wholeReplies = (received: string): number =>
  (received.match(/^HTTP\/1\.1 (?!100)\d/gm) ?? []).length === 0 || !received.includes('\r\n\r\n')
    ? 0
    : parseReplies(received).filter(
        ({ head, body }) => body.length === Number(/content-length: (\d+)/i.exec(head)?.[1] ?? -1)
      ).length

/** One answer of the server. */
export type RawReply = { status: number; head: string; body: string }

/** The answers in what a connection received, told apart by their content-length. */
export const parseReplies = (received: string): RawReply[] => {
  const replies: RawReply[] = []
  let rest = received
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, end)
    const [, status = ''] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? []
    if (end < 0 || status === '') throw new Error(`expected an answer, got ${rest.slice(0, 80)}`)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? rest.length)
    replies.push({ status: Number(status), head, body: rest.slice(end + 4, end + 4 + length) })
    rest = rest.slice(end + 4 + length)
  }
  return replies
}
