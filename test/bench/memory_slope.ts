/** The slope of the straight line that lies nearest to some measurements of memory. */

export interface MemoryPoint {
  readonly atMs: number;
  readonly bytes: number;
}

const HOUR_MS = 3_600_000;
const MEGABYTE = 1_048_576;

/** Least squares. @returns megabytes an hour; NaN for fewer than two times */
export function memorySlope(points: readonly MemoryPoint[]): number {
  const mean = (of: (point: MemoryPoint) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanMs, meanBytes] = [mean(({ atMs }) => atMs), mean(({ bytes }) => bytes)];
  const covariance = mean(({ atMs, bytes }) => (atMs - meanMs) * (bytes - meanBytes));
  const variance = mean(({ atMs }) => (atMs - meanMs) ** 2);
  return ((covariance / variance) * HOUR_MS) / MEGABYTE;
}
