/** Tasks that end badly, each in its own way. */
import { spawn } from "node:child_process";
import { dag, FailTask, SkipTask, withCode } from "dagsmith";

const d = dag("deaths", { maxActiveRuns: 50 });
const forEver = (): never => {
  for (;;);
};
const never = (): Promise<never> => new Promise<never>(() => undefined);

d.task("throws", async () => {
  throw new TypeError("no such column", { cause: new Error("the table is older") });
});
d.task("throws_text", async () => {
  throw "just a text";
});
d.task("throws_nul", async () => {
  throw new Error("a\0b");
});
d.task("throws_much", async () => {
  throw new Error("x".repeat(5_000_000));
});
d.task("skips", { retries: 3 }, async () => {
  throw new SkipTask("nothing new");
});
d.task("gives_up", { retries: 3, retryDelay: "0s" }, async () => {
  throw withCode("NO_ORDERS", new FailTask("no retry mends this"));
});
d.task("tries_again", { retries: 2, retryDelay: "0s" }, async ({ tryNumber }) => {
  if (tryNumber < 3) throw new Error(`try ${tryNumber}`);
  return tryNumber;
});
d.task("exits", async () => process.exit(0));
d.task("is_killed", async ({ log }) => {
  log.info("last words");
  process.stdout.write("and half a line");
  process.kill(process.pid, "SIGKILL");
  await never();
});
d.task("runs_out_of_memory", async () => {
  const held: unknown[] = [];
  for (;;) held.push(Array.from({ length: 10_000 }, (_, i) => ({ i })));
});
d.task("rejects_unseen", async () => {
  void Promise.reject(new Error("nobody waits for me"));
  await never();
});
d.task("throws_in_a_timer", async () => {
  setTimeout(() => {
    throw new Error("thrown in a timer");
  }, 10);
  await never();
});
d.task("is_polite", { executionTimeout: "300ms" }, async ({ signal }) => {
  await new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new Error("tidied up")), { once: true }),
  );
});
d.task("never_yields", { executionTimeout: "300ms" }, async () => forEver());
d.task("is_deaf", { executionTimeout: "300ms" }, async () => {
  process.on("SIGTERM", () => undefined);
  forEver();
});
// Time enough to start the child, on a busy machine too.
d.task("has_children", { executionTimeout: "3s" }, async ({ xcom }) => {
  const child = spawn("sleep", ["300"]);
  await xcom.push("pid", child.pid ?? 0);
  await never();
});
export default d;
