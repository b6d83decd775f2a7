/**
 * @module The application's processes: what each is started with and where it answers.
 */

/** Names of the processes, in the order they are started. */
export const appNames = ['receiver', 'streams', 'sinks', 'ingress'] as const

export type AppName = (typeof appNames)[number]

/** Ports of the application, all on the loopback address. */
export interface AppPorts {
  /** The public API. */
  readonly ingress: number
  readonly ingressOps: number
  readonly streamsOps: number
  readonly sinksOps: number
  /** The local gateway that receives notifications. */
  readonly receiver: number
}

export const preferredPorts: AppPorts = {
  ingress: 8080,
  ingressOps: 9464,
  streamsOps: 9465,
  sinksOps: 9466,
  receiver: 9470
}

/** What Node and its libraries read before any code of the ingress runs. */
export const ingressNodeEnvironment = {
  // uWebSockets refuses headers beyond 4 KB at random otherwise; a fat token is longer.
  UWS_HTTP_MAX_HEADERS_SIZE: '16384',
  // What hundreds of requests hold until Kafka answers outlives a young generation of 16 MiB, and is
  // copied twice for it: 10 % of the CPU time at 512 connections, for 150 MiB of memory at most.
  NODE_OPTIONS: '--max-semi-space-size=64'
} as const

export interface AppSpec {
  readonly name: AppName
  /** Entry file, relative to the repository. */
  readonly entry: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Answers 200 once the process can do its work. */
  readonly readyUrl: string
  /** Answers 200 while the process lives. */
  readonly healthUrl: string
  /** Tells the group members of the process, where it has any. */
  readonly statusUrl: string | null
}

/**
 * The processes with their ports.
 * @param shared variables every process gets: addresses of the backing services, TIME_SCALE
 */
export function appSpecs(ports: AppPorts, shared: Readonly<Record<string, string>>): AppSpec[] {
  const ops = (port: number): Pick<AppSpec, 'readyUrl' | 'healthUrl'> => ({
    readyUrl: `http://127.0.0.1:${port}/ready`,
    healthUrl: `http://127.0.0.1:${port}/health`
  })
  const receiverUrl = `http://127.0.0.1:${ports.receiver}`
  return [
    {
      name: 'receiver',
      entry: 'streams/notifications/receiver.ts',
      args: ['--port', String(ports.receiver)],
      environment: {},
      readyUrl: `${receiverUrl}/counts`,
      healthUrl: `${receiverUrl}/counts`,
      statusUrl: null
    },
    {
      name: 'streams',
      entry: 'streams/main.ts',
      args: [],
      environment: {
        ...shared,
        STREAMS_OPS_PORT: String(ports.streamsOps),
        NOTIFICATION_PUSH_URL: `${receiverUrl}/push`,
        NOTIFICATION_SMS_URL: `${receiverUrl}/sms`
      },
      ...ops(ports.streamsOps),
      statusUrl: `http://127.0.0.1:${ports.streamsOps}/status`
    },
    {
      name: 'sinks',
      entry: 'sinks/main.ts',
      args: [],
      environment: { ...shared, SINKS_OPS_PORT: String(ports.sinksOps) },
      ...ops(ports.sinksOps),
      statusUrl: null
    },
    {
      name: 'ingress',
      entry: 'ingress/main.ts',
      args: [],
      environment: {
        ...shared,
        INGRESS_PORT: String(ports.ingress),
        INGRESS_OPS_PORT: String(ports.ingressOps),
        ...ingressNodeEnvironment
      },
      ...ops(ports.ingressOps),
      statusUrl: null
    }
  ]
}
