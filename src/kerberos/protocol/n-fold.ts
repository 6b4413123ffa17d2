/**
 * n-fold (RFC 3961 5.1): the input, repeated and rotated right by 13 bits each time, until its length is a multiple of
 * both; then the blocks of `size` octets are added in ones' complement.
 */
export function nFold(input: Uint8Array, size: number): Buffer {
  const total = leastCommonMultiple(input.length, size)
  const bits = input.length * 8
  const sum = Buffer.alloc(size)
  let carry = 0
  for (let index = total - 1; index >= 0; index--) {
    // Which bit of the input is the most significant one of this octet, after so many rotations.
    const rotation = 13 * Math.floor(index / input.length)
    const first = (((index % input.length) * 8 - rotation) % bits) + bits
    const at = (octet: number) => input[octet % input.length] ?? 0
    const octet = Math.floor(first / 8)
    const value = (((at(octet) << 8) | at(octet + 1)) >> (8 - (first % 8))) & 0xff
    carry += value + (sum[index % size] ?? 0)
    sum[index % size] = carry & 0xff
    carry >>= 8
  }
  // The carry that leaves on the left comes back on the right.
  for (let index = size - 1; carry > 0; index = (index + size - 1) % size) {
    carry += sum[index] ?? 0
    sum[index] = carry & 0xff
    carry >>= 8
  }
  return sum
}

function leastCommonMultiple(a: number, b: number): number {
  let [greater, lesser] = [a, b]
  while (lesser > 0) [greater, lesser] = [lesser, greater % lesser]
  return (a * b) / greater
}
