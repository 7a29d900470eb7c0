/**
 * Loaded first by a process whose machine has a wrong clock: all that reads the wall
 * clock in this process is off by CHAOS_CLOCK_MS. The monotonic clock is not.
 */
const offMs = Number(process.env.CHAOS_CLOCK_MS ?? 0);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(RealDate.now() + offMs);
    else super(...values);
  }

  static now() {
    return RealDate.now() + offMs;
  }
};
