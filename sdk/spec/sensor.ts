/** How often a sensor pokes, and for how long, as plain data. */

/** The timing of a sensor, with defaults filled in. */
export interface SensorSpec {
  /** From one poke to the next. */
  readonly intervalMs: number;
  /** From the first poke, over all pokes and tries. */
  readonly timeoutMs: number;
  /** Each interval is this many times the interval before; 1 keeps it constant. */
  readonly backoff: number;
  readonly maxIntervalMs: number;
  /** Whether the end of the time ends the sensor as skipped instead of failed. */
  readonly softFail: boolean;
}
