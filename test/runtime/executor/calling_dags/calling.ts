/** DAGs that call each other. GATE and DIARY are files of the test. */
import { appendFileSync, existsSync, watch } from "node:fs";
import { dirname } from "node:path";
import { dag, type RunTrigger } from "dagsmith";
import { z } from "zod";

const gate = (): Promise<void> =>
  new Promise((resolve) => {
    const path = process.env.GATE ?? "";
    const look = (): void => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve();
    };
    // Watched before the first look, so that no opening is missed.
    const watcher = watch(dirname(path), look);
    look();
  });
const note = (text: string): void => appendFileSync(process.env.DIARY ?? "", `${text}\n`);
const callerOf = (trigger: RunTrigger | null): string =>
  trigger?.type === "call" ? trigger.dagId : "";

const doubled = dag("doubled", {
  maxActiveRuns: 2,
  params: z.object({ of: z.number(), times: z.number().default(2) }),
});
const product = doubled.task("product", ({ params }) => params.of * params.times);
doubled.task("after", { inputs: { product } }, ({ inputs }) => inputs.product);
const returning = doubled.output({ product });

const mapped = dag("mapped");
const list = mapped.task("list", () => [1, 2, 3, 4, 5]);
const each = mapped.call("each", returning, { each: list, params: ({ item }) => ({ of: item }) });
mapped.task("sum", { inputs: { each } }, ({ inputs }) =>
  inputs.each.reduce((sum, { product }) => sum + product, 0),
);

const flaky = dag("flaky");
const first = flaky.task("first", ({ trigger }) => note(`first ${callerOf(trigger)}`));
flaky.task("second", { inputs: { first } }, async ({ trigger, runId, state }) => {
  note(`second ${callerOf(trigger)}`);
  if ((await state.get(runId)) === true) return;
  await state.set(runId, true, { now: true });
  throw new Error("not yet");
});
const patient = dag("patient");
patient.call("it", flaky, { retries: 1, retryDelay: "0s" });
const whole = dag("whole");
whole.call("it", flaky, { retries: 1, retryDelay: "0s", rerun: "all" });
const hopeless = dag("hopeless");
hopeless.task("work", () => {
  throw new RangeError("out of range");
});
const outer = dag("outer");
outer.call("it", hopeless);
const outermost = dag("outermost");
outermost.call("it", outer);

const slow = dag("slow", { params: z.object({}) });
slow.task("wait", async () => {
  note("waits");
  await gate();
});
const inner = dag("inner");
inner.call("slow", slow);
const caller = dag("caller");
caller.call("inner", inner);
const starter = dag("starter");
starter.call("slow", slow, { wait: false });
const hasty = dag("hasty");
hasty.call("slow", slow, { timeout: "100ms" });
const lost = dag("lost");
lost.call("nowhere", "nowhere", { retries: 3 });
lost.call("version", "doubled", { retries: 3, version: 99, params: { of: 1 } });
lost.call("params", "doubled", { retries: 3, params: { of: "x" } });
lost.call("extra", "slow", { params: 5 as never });
export default [
  doubled,
  mapped,
  flaky,
  patient,
  whole,
  hopeless,
  outer,
  outermost,
  slow,
  inner,
  caller,
  starter,
  hasty,
  lost,
];
