/**
 * What the reading side of the ingress reads from the environment.
 *
 * @module
 */
import { defineConfig } from '../../core/index.ts'

/** Variables of reads. */
export const readConfig = defineConfig({
  READ_DEADLINE: {
    type: 'duration-ms',
    default: 2_000,
    min: 50,
    doc: 'How long a read may take before it is answered with 503.'
  },
  READS_LIVE_MAX: {
    type: 'int',
    default: 2_000,
    min: 1,
    unit: 'reads',
    doc: 'Reads of Redis under way at a time; more get 503.'
  },
  READS_LIVE_DEADLINE: {
    type: 'duration-ms',
    default: 500,
    min: 10,
    doc: 'How long a read waits for Redis before it goes to MongoDB, where MongoDB can answer it.'
  },
  READS_HISTORY_MAX: {
    type: 'int',
    default: 256,
    min: 1,
    unit: 'reads',
    doc: 'Reads of MongoDB under way at a time, over 32 connections; more get 503.'
  },
  READS_HISTORY_DEADLINE: {
    type: 'duration-ms',
    default: 1_000,
    min: 10,
    doc: 'How long a read waits for MongoDB; with READS_LIVE_DEADLINE below READ_DEADLINE.'
  },
  READ_CACHE_BYTES: {
    type: 'bytes',
    default: 33_554_432,
    min: 1_024,
    doc: 'What was read and is kept in memory, roughly.'
  },
  READ_CACHE_FRESH: {
    type: 'duration-ms',
    default: 1_000,
    min: 0,
    max: 2_000,
    doc: 'How old an answer may be of what still changes.'
  },
  READ_CACHE_SETTLED: {
    type: 'duration-ms',
    default: 3_600_000,
    min: 0,
    doc: 'How old an answer may be of what has ended: bills, and rides whose end is 10 minutes ago.'
  },
  READ_CACHE_STALE: {
    type: 'duration-ms',
    default: 600_000,
    min: 0,
    doc: 'How old an answer of history may be while MongoDB is away; 0 answers 503 at once.'
  },
  READ_CACHE_SHARED_BYTES: {
    type: 'bytes',
    default: 33_554_432,
    min: 0,
    doc: 'What this process keeps in Redis of what it read from MongoDB; 0 shares nothing.'
  },
  READ_CACHE_SHARED_VALUE: {
    type: 'bytes',
    default: 65_536,
    min: 1,
    doc: 'Largest value kept in Redis.'
  },
  READ_CACHE_SHARED_DEADLINE: {
    type: 'duration-ms',
    default: 50,
    min: 1,
    doc: 'How long a read waits for the cache in Redis before it goes to MongoDB.'
  }
})
