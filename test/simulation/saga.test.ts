/**
 * @module Every second seed of the saga simulation, see saga-suite.ts.
 */
import { testSeeds } from './saga-suite.ts'

testSeeds(0)
