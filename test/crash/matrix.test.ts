import { expect, test } from 'vitest'
import { failpointNames } from '../../streams/runtime/index.ts'
import { crashMatrix, pointFaults, pointPlans, smokeCases } from './matrix.ts'

const matrix = crashMatrix(1)
const points = matrix.filter((one) => one.kind === 'point')

test('the matrix names every crash point of the runtime, and no other', () => {
  expect(Object.keys(pointPlans).toSorted()).toEqual([...failpointNames].toSorted())
  expect(new Set(points.map(({ point }) => point))).toEqual(new Set(failpointNames))
})

test('the matrix has every point with every fault, who goes on, and which hit', () => {
  const each = pointFaults.length * 2 * 2
  const inVersion = (version: number) =>
    points.filter(({ transactionVersion }) => transactionVersion === version)
  expect(inVersion(2).length).toBe(failpointNames.length * each)
  const ofTransaction = failpointNames.filter((point) => point.startsWith('txn.'))
  expect(inVersion(1).length).toBe(ofTransaction.length * each)
  expect(matrix.length).toBeGreaterThanOrEqual(200)
  expect(new Set(matrix.map(({ name }) => name)).size).toBe(matrix.length)
})

test('the smoke has cases of the matrix, of every fault at a point', () => {
  const smoke = matrix.filter(({ name }) => smokeCases.includes(name))
  expect(smoke.map(({ name }) => name).toSorted()).toEqual([...smokeCases].toSorted())
  const faults = smoke.flatMap((one) => (one.kind === 'point' ? [one.fault] : []))
  expect(new Set(faults)).toEqual(new Set(pointFaults))
})
