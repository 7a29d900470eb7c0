/**
 * Loaded before a service (`--import`): shifts the clock that people set, for the whole
 * process. The file CLOCK holds the shift in milliseconds and may change at any time. The
 * monotonic clock is left alone, as the operating system leaves it. A process without
 * CLOCK, such as that of a task, has the true clock.
 */
import { readFileSync } from "node:fs";

const RealDate = Date;
const { CLOCK } = process.env;
const shiftMs = (): number => (CLOCK === undefined ? 0 : Number(readFileSync(CLOCK, "utf8")));
const shiftedNow = (): number => RealDate.now() + shiftMs();

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [shiftedNow()] : args, newTarget) as Date,
  apply: () => new RealDate(shiftedNow()).toString(),
  get: (target, key, receiver) =>
    key === "now" ? shiftedNow : (Reflect.get(target, key, receiver) as unknown),
});
