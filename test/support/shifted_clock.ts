/**
 * Loaded before a service (`--import`): shifts the clock that people set, for the whole
 * process. The file CLOCK holds the shift in milliseconds and may change at any time. The
 * monotonic clock is left alone, as the operating system leaves it.
 */
import { readFileSync } from "node:fs";

const RealDate = Date;
const shiftedNow = (): number =>
  RealDate.now() + Number(readFileSync(process.env.CLOCK ?? "", "utf8"));

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [shiftedNow()] : args, newTarget) as Date,
  apply: () => new RealDate(shiftedNow()).toString(),
  get: (target, key, receiver) =>
    key === "now" ? shiftedNow : (Reflect.get(target, key, receiver) as unknown),
});
