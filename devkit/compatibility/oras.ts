import { goProgram } from '../torhaus/go-program.ts'
import type { Made } from '../torhaus/made-once.ts'

/** oras, compiled from its Go module. */
export const bringOras = (): Promise<Made> => goProgram('oras', 'oras.land/oras/cmd/oras', '1.2.3')
