/**
 * Metrics for Prometheus, on a registry of their own. Names start with `hail_` and use base units.
 * Each metric keeps a bounded number of label sets: beyond it, new sets are counted together under
 * the label value `other`, so a label that turns out to be unbounded cannot exhaust memory.
 *
 * @module
 */

import * as prometheus from 'prom-client'
import { assertThat } from './errors.ts'

/** A value for each label of the metric. */
export type Labels<L extends string> = Readonly<Record<L, string | number>>

/** Label sets a metric keeps unless it says otherwise: 24 partitions x 8 topics fit. */
const LABEL_SETS_MAX = 200
const OTHER = 'other'
const NAME = /^hail_[a-z0-9_]+$/
/** Latencies from a millisecond to half a minute. */
const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Only grows. */
export type Counter<L extends string = never> = {
  inc(labels?: Labels<L>, by?: number): void
  /** One label set for hot paths, looked up once. */
  with(labels: Labels<L>): { inc(by?: number): void }
}

/** Goes up and down. */
export type Gauge<L extends string = never> = {
  set(labels: Labels<L>, value: number): void
  inc(labels?: Labels<L>, by?: number): void
  dec(labels?: Labels<L>, by?: number): void
  /** Forgets a label set, as when a partition has moved away. */
  remove(labels: Labels<L>): void
  with(labels: Labels<L>): { set(value: number): void }
}

/** Distribution of values, by default of seconds. */
export type Histogram<L extends string = never> = {
  observe(labels: Labels<L>, value: number): void
  with(labels: Labels<L>): { observe(value: number): void }
}

/** What a metric is. Registering an equal one again gives the same metric. */
export type MetricOptions<L extends string> = {
  readonly name: string
  readonly help: string
  readonly labels?: readonly L[]
  readonly labelSetsMax?: number
}

/** `collect` runs before each scrape, to set values that are cheaper to read than to follow. */
export type GaugeOptions<L extends string> = MetricOptions<L> & {
  readonly collect?: (gauge: Gauge<L>) => void | Promise<void>
}

/** The metrics of a process. */
export type Metrics = {
  counter<L extends string = never>(options: MetricOptions<L>): Counter<L>
  gauge<L extends string = never>(options: GaugeOptions<L>): Gauge<L>
  histogram<L extends string = never>(
    options: MetricOptions<L> & { readonly buckets?: readonly number[] }
  ): Histogram<L>
  /** The exposition text. */
  render(): Promise<string>
  readonly contentType: string
  readonly registry: prometheus.Registry
}

/** Creates an empty registry, with the usual figures of the Node process if `withProcess`. */
export function createMetrics(options: { readonly withProcess?: boolean } = {}): Metrics {
  const registry = new prometheus.Registry()
  if (options.withProcess === true) prometheus.collectDefaultMetrics({ register: registry })
  const known = new Map<string, { readonly shape: string; readonly metric: unknown }>()
  const overflow = new prometheus.Counter({
    name: 'hail_metrics_overflow_total',
    help: 'Observations counted under "other" because their metric has too many label sets.',
    labelNames: ['metric'],
    registers: [registry]
  })

  const once = <M>(kind: string, metric: MetricOptions<string>, create: () => M): M => {
    const { name, labels = [] } = metric
    assertThat(NAME.test(name), `a metric's name starts with hail_ in lower case, got ${name}`)
    const shape = `${kind}(${labels.join(',')})`
    const existing = known.get(name)
    if (existing !== undefined) {
      assertThat(existing.shape === shape, `${name} is ${existing.shape} already, not ${shape}`)
      return existing.metric as M
    }
    const created = create()
    known.set(name, { shape, metric: created })
    return created
  }
  const guard = <L extends string>(metric: MetricOptions<L>): LabelGuard<L> =>
    createLabelGuard(metric, () => overflow.inc({ metric: metric.name }))
  const common = (metric: MetricOptions<string>) => ({
    name: metric.name,
    help: metric.help,
    labelNames: [...(metric.labels ?? [])],
    registers: [registry]
  })

  return {
    counter: (metric) =>
      once('counter', metric, () =>
        wrapCounter(new prometheus.Counter(common(metric)), guard(metric))
      ),
    gauge: (metric) =>
      once('gauge', metric, () => createGauge(metric, common(metric), guard(metric))),
    histogram: (metric) =>
      once('histogram', metric, () => {
        const buckets = [...(metric.buckets ?? SECONDS_BUCKETS)]
        return wrapHistogram(
          new prometheus.Histogram({ ...common(metric), buckets }),
          guard(metric)
        )
      }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
    registry
  }
}

/** Decides which label set an observation goes to. */
type LabelGuard<L extends string> = {
  admit(labels: Labels<L> | undefined): Labels<L>
  forget(labels: Labels<L>): void
}

const NO_LABELS = {} as Labels<never>

function createLabelGuard<L extends string>(
  metric: MetricOptions<L>,
  onOverflow: () => void
): LabelGuard<L> {
  const { labels: names = [], labelSetsMax = LABEL_SETS_MAX } = metric
  const seen = new Set<string>()
  const other = Object.fromEntries(names.map((name) => [name, OTHER])) as Labels<L>
  const keyOf = (labels: Labels<L>): string => {
    let key = ''
    for (const name of names) {
      const value = labels[name]
      assertThat(value !== undefined, `${metric.name} needs a value for its label ${name}`)
      key += `${value}\u0000`
    }
    return key
  }
  return {
    admit: (labels) => {
      if (names.length === 0) return NO_LABELS as Labels<L>
      assertThat(labels !== undefined, `${metric.name} needs its labels ${names.join(', ')}`)
      const key = keyOf(labels)
      if (seen.has(key)) return labels
      if (seen.size >= labelSetsMax) {
        onOverflow()
        return other
      }
      seen.add(key)
      return labels
    },
    forget: (labels) => void seen.delete(keyOf(labels))
  }
}

function wrapCounter<L extends string>(
  target: prometheus.Counter<string>,
  guard: LabelGuard<L>
): Counter<L> {
  return {
    inc: (labels, by = 1) => target.inc(guard.admit(labels), by),
    with: (labels) => {
      const child = target.labels(guard.admit(labels))
      return { inc: (by = 1) => child.inc(by) }
    }
  }
}

function createGauge<L extends string>(
  metric: GaugeOptions<L>,
  configuration: prometheus.GaugeConfiguration<string>,
  guard: LabelGuard<L>
): Gauge<L> {
  const { collect } = metric
  if (collect === undefined) return wrapGauge(new prometheus.Gauge(configuration), guard)
  // prom-client waits for what this returns, whatever its type says.
  const target: prometheus.Gauge<string> = new prometheus.Gauge({
    ...configuration,
    collect: () => collect(gauge)
  })
  const gauge: Gauge<L> = wrapGauge(target, guard)
  return gauge
}

function wrapGauge<L extends string>(
  target: prometheus.Gauge<string>,
  guard: LabelGuard<L>
): Gauge<L> {
  return {
    set: (labels, value) => target.set(guard.admit(labels), value),
    inc: (labels, by = 1) => target.inc(guard.admit(labels), by),
    dec: (labels, by = 1) => target.dec(guard.admit(labels), by),
    remove: (labels) => {
      guard.forget(labels)
      target.remove(labels)
    },
    with: (labels) => {
      const child = target.labels(guard.admit(labels))
      return { set: (value) => child.set(value) }
    }
  }
}

function wrapHistogram<L extends string>(
  target: prometheus.Histogram<string>,
  guard: LabelGuard<L>
): Histogram<L> {
  return {
    observe: (labels, value) => target.observe(guard.admit(labels), value),
    with: (labels) => observerOf(target, guard.admit(labels))
  }
}

/** What prom-client keeps of one label set. */
type KeptValues = {
  labels: Record<string, string | number>
  bucketValues: Record<number, number>
  sum: number
  count: number
}

/**
 * Counts into what prom-client keeps of one label set, without the checks and the look-up by a text made
 * of the labels that its own `observe` does each time: 1.3 us that every request would pay.
 */
function observerOf(
  target: prometheus.Histogram<string>,
  labels: Labels<string>
): { observe(value: number): void } {
  const { hashMap, upperBounds } = target as unknown as {
    hashMap: Record<string, KeptValues>
    upperBounds: readonly number[]
  }
  const find = (): KeptValues | undefined =>
    Object.values(hashMap).find((values) =>
      Object.entries(labels).every(([name, value]) => values.labels[name] === value)
    )
  // Without a look first, a second observer of a label set would begin at zero.
  if (find() === undefined) target.zero(labels)
  const kept = find()
  assertThat(kept !== undefined, 'prom-client keeps a histogram by label set in its hashMap')
  return {
    observe: (value) => {
      kept.sum += value
      kept.count += 1
      for (const bound of upperBounds) {
        if (value > bound) continue
        kept.bucketValues[bound] = (kept.bucketValues[bound] ?? 0) + 1
        return
      }
    }
  }
}
