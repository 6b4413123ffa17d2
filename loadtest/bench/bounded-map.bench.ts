/** One more entry in a full map, which makes the oldest leave: it must not cost more where more is held. */
import { bench, group } from 'mitata'
import { BoundedMap } from '../../src/bounded-map.ts'

group('bounded-map', () => {
  for (const capacity of [1000, 20_000, 50_000]) {
    const map = new BoundedMap<string, number>(capacity)
    for (let entry = 0; entry < capacity; entry++) map.set(`first ${entry}`, entry)
    let entry = 0
    bench(`a new entry among ${capacity}`, () => map.set(`then ${entry++}`, entry))
  }
})
