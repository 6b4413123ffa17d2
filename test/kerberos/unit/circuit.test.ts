import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Circuit, createCircuit } from '../../../src/kerberos/circuit.ts'

function circuitAt(): { circuit: Circuit; clock: { nowMs: number }; changes: string[] } {
  const clock = { nowMs: 1_000 }
  const changes: string[] = []
  const onChange = (state: string, previous: string) => changes.push(`${previous} -> ${state}`)
  const circuit = createCircuit({ failureThreshold: 3, pauseMs: 500, now: () => clock.nowMs, onChange })
  return { circuit, clock, changes }
}

const fail = (circuit: Circuit, times: number): void => {
  for (let call = 0; call < times; call++) circuit.permit()?.('failure')
}

describe('a circuit', () => {
  it('opens after that many failures in a row', () => {
    const { circuit, changes } = circuitAt()
    fail(circuit, 2)
    circuit.permit()?.('success')
    fail(circuit, 2)
    assert.equal(circuit.state(), 'closed')
    fail(circuit, 1)
    assert.equal(circuit.state(), 'open')
    assert.equal(circuit.permit(), undefined)
    assert.deepEqual(changes, ['closed -> open'])
  })

  it('lets exactly one call try after the pause', () => {
    const { circuit, clock } = circuitAt()
    fail(circuit, 3)
    clock.nowMs += 499
    assert.equal(circuit.permit(), undefined)
    assert.equal(circuit.retryAfterMs(), 1)
    clock.nowMs += 1
    const probe = circuit.permit()
    assert(probe !== undefined)
    assert.equal(circuit.permit(), undefined)
    probe('success')
    assert.equal(circuit.state(), 'closed')
    assert.notEqual(circuit.permit(), undefined)
  })

  it('opens for another pause when that call fails, and tries again when it was never made', () => {
    const { circuit, clock, changes } = circuitAt()
    fail(circuit, 3)
    clock.nowMs += 500
    circuit.permit()?.('failure')
    assert.equal(circuit.retryAfterMs(), 500)
    clock.nowMs += 500
    circuit.permit()?.('unknown')
    circuit.permit()?.('success')
    const expected = [
      'closed -> open',
      'open -> half-open',
      'half-open -> open',
      'open -> half-open',
      'half-open -> closed',
    ]
    assert.deepEqual(changes, expected)
  })

  it('is neither prolonged nor opened again by stragglers from before', () => {
    const { circuit, clock } = circuitAt()
    const stragglers = Array.from({ length: 4 }, () => circuit.permit())
    fail(circuit, 3)
    clock.nowMs += 400
    stragglers[0]?.('failure')
    assert.equal(circuit.retryAfterMs(), 100)
    clock.nowMs += 100
    const probe = circuit.permit()
    stragglers[1]?.('failure')
    assert.equal(circuit.state(), 'half-open')
    probe?.('success')
    stragglers[2]?.('failure')
    assert.equal(circuit.state(), 'closed')
  })

  it('closes when a straggler succeeds, and takes only the first report of a permit', () => {
    const { circuit } = circuitAt()
    const straggler = circuit.permit()
    fail(circuit, 3)
    straggler?.('success')
    straggler?.('failure')
    assert.equal(circuit.state(), 'closed')
  })
})
