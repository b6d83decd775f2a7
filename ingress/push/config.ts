/**
 * Bounds of push: connections, what one of them may hold, what the process remembers of recent
 * events. With the defaults a full process holds at most 20,000 x (64 KiB of frames not taken) =
 * 1.3 GB in the worst case, all clients slow at once for less than `PUSH_SLOW_MAX`, and 32 MiB of ring.
 *
 * @module
 */
import { type ConfigValues, defineConfig } from '../../core/index.ts'

/** Variables of push. */
export const pushConfig = defineConfig({
  PUSH_CONNECTIONS_MAX: {
    type: 'int',
    default: 20_000,
    min: 1,
    unit: 'connections',
    doc: 'WebSocket connections of a process; more get 503.'
  },
  PUSH_SUBJECT_CONNECTIONS_MAX: {
    type: 'int',
    default: 5,
    min: 1,
    unit: 'connections',
    doc: 'WebSocket connections of one subject to a process; more get 429.'
  },
  PUSH_BUFFER_BYTES: {
    type: 'bytes',
    default: 65_536,
    min: 1_024,
    max: 16_777_216,
    doc: 'Frames a client has not taken yet; beyond it the connection is resynchronised later.'
  },
  PUSH_SLOW_MAX: {
    type: 'duration-ms',
    default: 30_000,
    min: 1_000,
    doc: 'How long a client may stay behind, or go without a snapshot, before it is closed (1013).'
  },
  PUSH_HEARTBEAT: {
    type: 'duration-ms',
    default: 10_000,
    min: 500,
    doc: 'How often a client hears a heartbeat.'
  },
  PUSH_IDLE: {
    type: 'duration-ms',
    default: 32_000,
    min: 8_000,
    max: 960_000,
    doc: 'How long a client may show no life, not even answers to pings, before it is closed.'
  },
  PUSH_HELLO_TIMEOUT: {
    type: 'duration-ms',
    default: 10_000,
    min: 100,
    doc: 'How long a new connection may take to say hello (1008).'
  },
  PUSH_MESSAGE_BYTES: {
    type: 'bytes',
    default: 8_192,
    min: 256,
    max: 32_768,
    doc: 'Longest message of a client (1009).'
  },
  PUSH_MESSAGES: {
    type: 'int',
    default: 5,
    min: 1,
    unit: 'messages/s',
    doc: 'Messages of one client, with four seconds of burst (1008).'
  },
  PUSH_RIDES_MAX: {
    type: 'int',
    default: 100,
    min: 4,
    max: 1_000,
    unit: 'rides',
    doc: 'Rides a connection knows and a hello may name; ended ones are forgotten first.'
  },
  PUSH_FOLLOWS_MAX: {
    type: 'int',
    default: 20,
    min: 1,
    max: 200,
    unit: 'names',
    doc: 'Rides and users an administrator may follow with one connection.'
  },
  PUSH_ACTIONS_MAX: {
    type: 'int',
    default: 50,
    min: 1,
    max: 1_000,
    unit: 'outcomes',
    doc: 'Outcomes of actions kept for a slow client; more bring a snapshot.'
  },
  PUSH_RING_RIDES: {
    type: 'int',
    default: 50_000,
    min: 1,
    unit: 'rides',
    doc: 'Rides whose recent events are remembered, so that clients resume without a snapshot.'
  },
  PUSH_RING_EVENTS: {
    type: 'int',
    default: 64,
    min: 1,
    unit: 'events',
    doc: 'Events remembered of one ride.'
  },
  PUSH_RING_BYTES: {
    type: 'bytes',
    default: 33_554_432,
    min: 65_536,
    doc: 'Bytes of remembered events.'
  },
  PUSH_REWIND: {
    type: 'int',
    default: 2_000,
    min: 0,
    unit: 'records',
    doc: 'Ride events of each partition read again at the start, so that clients of a restarted process resume.'
  },
  PUSH_FETCH_BYTES: {
    type: 'bytes',
    default: 1_048_576,
    min: 65_536,
    doc: 'Bytes of one fetch from Kafka; bounds how long the process is busy with it.'
  },
  PUSH_FETCH_WAIT: {
    type: 'duration-ms',
    default: 500,
    min: 10,
    max: 5_000,
    doc: 'How long a broker holds a fetch while there is nothing new.'
  },
  PUSH_LAG_MAX: {
    type: 'int',
    default: 50_000,
    min: 100,
    unit: 'records',
    doc: 'Records of a partition the process may be behind before it skips them and resynchronises.'
  },
  PUSH_READS_MAX: {
    type: 'int',
    default: 64,
    min: 1,
    unit: 'reads',
    doc: 'Snapshots read at a time; other connections wait their turn.'
  },
  PUSH_DRAIN_SPREAD: {
    type: 'duration-ms',
    default: 5_000,
    developmentDefault: 200,
    min: 0,
    doc: 'Time over which a stopping process closes its connections (1001), so that clients do not all come back at once.'
  }
})

/** Values of the variables. */
export type PushSettings = ConfigValues<typeof pushConfig.definitions>
