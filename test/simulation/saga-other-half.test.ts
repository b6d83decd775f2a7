/**
 * @module The other seeds of the saga simulation, see saga-suite.ts.
 */
import { testSeeds } from './saga-suite.ts'

testSeeds(1)
