/** Sensors: one that finds a file, and those that end otherwise. */

import { existsSync } from "node:fs";
import { dag } from "dagsmith";
import { z } from "zod";

const d = dag("sensors", { params: z.object({ file: z.string() }) });
const file = d.sensor("file", { interval: "50ms", timeout: "30s" }, async ({ params, log }) => {
  log.info("looks");
  return existsSync(params.file) && { done: true, value: { bytes: 7 } };
});
d.task("load", { inputs: { file } }, ({ inputs }) => inputs.file.bytes);
d.sensor("late", { interval: "50ms", timeout: "120ms", retries: 3 }, () => false);
d.sensor("soft", { interval: "50ms", timeout: "120ms", softFail: true }, () => false);
d.sensor("wrong", { retries: 3, retryDelay: "0s" }, () => "yes" as never);
export default d;
