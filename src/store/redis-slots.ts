/** The hash slot of a cluster that a tag selects, and a tag that selects a given slot. */

const SLOTS = 16_384
const tags = new Map<number, string>()

/** A tag that selects that slot. Finding one takes 16,384 attempts on average, once. */
export function tagOfSlot(slot: number): string {
  const known = tags.get(slot)
  if (known !== undefined) return known
  let number = 0
  while (slotOf(String(number)) !== slot) number++
  tags.set(slot, String(number))
  return String(number)
}

/** CRC16, XMODEM (Redis cluster specification, appendix A), of a tag in ASCII. */
function slotOf(tag: string): number {
  let crc = 0
  for (let index = 0; index < tag.length; index++) {
    crc ^= tag.charCodeAt(index) << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? (crc << 1) & 0xffff : ((crc << 1) ^ 0x1021) & 0xffff
  }
  return crc % SLOTS
}
