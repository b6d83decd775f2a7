import { describe, expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

describe('metrics', () => {
  test('render counters, gauges and histograms with their labels', async () => {
    const metrics = createMetrics()
    const counter = metrics.counter({ name: 'hail_a_total', help: 'A.', labels: ['topic'] })
    counter.inc({ topic: 'rides' })
    counter.with({ topic: 'rides' }).inc(2)
    metrics.gauge({ name: 'hail_b', help: 'B.' }).set({}, 5)
    const histogram = metrics.histogram({ name: 'hail_c_seconds', help: 'C.', buckets: [1, 2] })
    histogram.observe({}, 1.5)
    const text = await metrics.render()
    expect(text).toContain('hail_a_total{topic="rides"} 3')
    expect(text).toContain('hail_b 5')
    expect(text).toContain('hail_c_seconds_bucket{le="2"} 1')
    expect(text).toContain('hail_c_seconds_sum 1.5')
  })

  test('count alike through an observer of a label set and without one', async () => {
    const metrics = createMetrics()
    const histogram = metrics.histogram({
      name: 'hail_c_seconds',
      help: 'C.',
      labels: ['route', 'code'],
      buckets: [1, 2]
    })
    const set = { route: '/rides', code: 202 }
    histogram.observe(set, 0.5)
    const observer = histogram.with(set)
    for (const value of [1, 1.5, 2.5]) observer.observe(value)
    histogram.with({ code: 202, route: '/rides' }).observe(2)
    histogram.observe({ route: '/rides', code: 503 }, 0.1)
    const text = await metrics.render()
    for (const line of [
      'bucket{le="1",route="/rides",code="202"} 2',
      'bucket{le="2",route="/rides",code="202"} 4',
      'bucket{le="+Inf",route="/rides",code="202"} 5',
      'sum{route="/rides",code="202"} 7.5',
      'count{route="/rides",code="202"} 5',
      'count{route="/rides",code="503"} 1'
    ]) {
      expect(text).toContain(`hail_c_seconds_${line}`)
    }
  })

  test('refuse names outside the scheme', () => {
    const metrics = createMetrics()
    for (const name of ['rides_total', 'hail_Rides', 'hail_', 'hail-x']) {
      expect(() => metrics.counter({ name, help: 'h' }), name).toThrow('starts with hail_')
    }
  })

  test('give the same metric when it is asked for twice, and refuse another shape', () => {
    const metrics = createMetrics()
    const options = { name: 'hail_a_total', help: 'A.', labels: ['topic'] as const }
    expect(metrics.counter(options)).toBe(metrics.counter(options))
    expect(() => metrics.counter({ name: 'hail_a_total', help: 'A.' })).toThrow(
      'hail_a_total is counter(topic) already, not counter()'
    )
    expect(() => metrics.gauge(options)).toThrow('already')
  })

  test('count label sets beyond the bound together as other', async () => {
    const metrics = createMetrics()
    const counter = metrics.counter({
      name: 'hail_a_total',
      help: 'A.',
      labels: ['rider'],
      labelSetsMax: 2
    })
    for (const rider of ['x', 'y', 'z', 'w', 'x']) counter.inc({ rider })
    const text = await metrics.render()
    expect(text).toContain('hail_a_total{rider="x"} 2')
    expect(text).toContain('hail_a_total{rider="other"} 2')
    expect(text).not.toContain('rider="z"')
    expect(text).toContain('hail_metrics_overflow_total{metric="hail_a_total"} 2')
  })

  test('make room when a label set is removed', async () => {
    const metrics = createMetrics()
    const gauge = metrics.gauge({ name: 'hail_g', help: 'G.', labels: ['p'], labelSetsMax: 1 })
    gauge.set({ p: 0 }, 1)
    gauge.remove({ p: 0 })
    gauge.set({ p: 1 }, 2)
    const text = await metrics.render()
    expect(text).toContain('hail_g{p="1"} 2')
    expect(text).not.toContain('hail_g{p="0"}')
  })

  test('refuse an observation without the labels of its metric', () => {
    const counter = createMetrics().counter({ name: 'hail_a_total', help: 'A.', labels: ['t'] })
    expect(() => counter.inc()).toThrow('hail_a_total needs its labels t')
  })

  test('ask a collecting gauge at each scrape', async () => {
    const metrics = createMetrics()
    let depth = 3
    metrics.gauge({
      name: 'hail_depth',
      help: 'D.',
      collect: async (gauge) => gauge.set({}, depth)
    })
    expect(await metrics.render()).toContain('hail_depth 3')
    depth = 4
    expect(await metrics.render()).toContain('hail_depth 4')
  })

  test('have the figures of the process only when asked', async () => {
    expect(await createMetrics().render()).not.toContain('process_cpu')
    expect(await createMetrics({ withProcess: true }).render()).toContain('process_cpu')
  })
})
