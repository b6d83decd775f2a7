/**
 * Metrics that travel: a process dumps its figures, another one adds the dumps of several up and shows
 * them as those of one.
 *
 * @module
 */
import * as prometheus from 'prom-client'
import type { Metrics } from './metrics.ts'

/** One metric with its values, as plain data. */
export type MetricDump = {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly aggregator: string
  readonly values: readonly { readonly value: number; readonly labels: object }[]
}

/** The figures of a process at a moment; JSON keeps them whole. */
export type MetricsDump = readonly MetricDump[]

/** Takes the figures of now. */
export async function dumpMetrics(metrics: Metrics): Promise<MetricsDump> {
  return (await metrics.registry.getMetricsAsJSON()) as unknown as MetricsDump
}

/**
 * Adds dumps up: counters, distributions and gauges by label set; the times and versions of a Node
 * process as prom-client says for each (mean, least, none).
 */
export function sumMetrics(dumps: readonly MetricsDump[]): MetricsDump {
  return summed(dumps)
    .getMetricsAsArray()
    .map((metric) => {
      const { name, help, type, aggregator, values } = metric as unknown as MetricDump
      return { name, help, type, aggregator, values }
    })
}

/** The exposition text of the sum. */
export function renderMetrics(dumps: readonly MetricsDump[]): Promise<string> {
  return summed(dumps).metrics()
}

/** What only grows: counters and distributions, which outlive the process that counted. */
export function growingMetrics(dump: MetricsDump): MetricsDump {
  return dump.filter(({ type }) => type === 'counter' || type === 'histogram')
}

function summed(dumps: readonly MetricsDump[]): prometheus.Registry {
  return prometheus.AggregatorRegistry.aggregate(dumps as unknown as object[])
}
