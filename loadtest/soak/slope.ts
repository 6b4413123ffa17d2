/** Least squares: how much y grows for one more of x. 0 where there are fewer than two different x. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)]
  const variance = mean(({ x }) => (x - meanX) ** 2)
  return points.length < 2 || variance === 0 ? 0 : mean(({ x, y }) => (x - meanX) * (y - meanY)) / variance
}
