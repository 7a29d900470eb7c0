/**
 * The DAG files of a chaos run, of sizes that the seed chooses. Every start and every end
 * of a task, and every callback, is a line in a journal outside of the database.
 */
import { randomOf } from "./random.ts";

/** A DAG whose schedule makes a run every three seconds. */
export const SCHEDULED = "ticking";

/** A DAG whose tasks do what no task should, each in its first try alone. */
export const POISONED = "poisoned";

/** A DAG whose task takes memory in its first try until its process dies. */
export const HUNGRY = "hungry";

/** DAGs that run only as a fault. */
const FAULTY: readonly string[] = [POISONED, HUNGRY];

const PRELUDE = (revision: number): string => `
import { appendFileSync, existsSync, readFileSync, writeSync } from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { chain, dag } from "dagsmith";
export const REVISION = ${revision};
const note = (what, { dagId, runId, taskId = "", mapIndex = -1, tryNumber = 0, event }) =>
  appendFileSync(process.env.CHAOS_JOURNAL, JSON.stringify({ what, dagId, runId, taskId: taskId ?? "", mapIndex, tryNumber, event }) + "\\n");
const pause = (most) => new Promise((resolve) => setTimeout(resolve, Math.random() * most));
const body = (most, failsBelow = 0) => async (context) => {
  note("start", context);
  await pause(most);
  if (context.tryNumber <= failsBelow) throw new Error("try " + context.tryNumber + " fails on purpose");
  note("end", context);
  return context.mapIndex;
};
const called = async (context) => note("callback", context);
const again = { retries: 3, retryDelay: "300ms" };
const limits = { maxActiveRuns: 6 };
`;

/**
 * The text of each DAG file, by name.
 * @param isScheduled whether the scheduled DAG still has its schedule
 */
export function dagFiles(
  seed: number,
  revision: number,
  isScheduled = true,
): Readonly<Record<string, string>> {
  const random = randomOf(seed + 7);
  const size = (least: number, most: number): number => random.between(least, most);
  const bodies: Readonly<Record<string, string>> = {
    [SCHEDULED]: `
      d.task("tick", again, body(${size(50, 300)}));`,
    chained: `
      chain(...Array.from({ length: ${size(5, 12)} }, (_, i) => d.task("link_" + i, again, body(${size(20, 150)}))));`,
    wide: `
      const each = d.task("each", { each: [...Array(${size(20, 60)}).keys()], maxActive: ${size(4, 20)}, ...again }, body(${size(50, 200)}));
      chain(each, d.task("after", again, body(20)));`,
    retrying: `
      d.task("third", { retries: 4, retryDelay: "400ms", onSuccess: called, onRetry: called }, body(${size(50, 300)}, 2));
      d.task("never", { retries: 1, retryDelay: "200ms", onFailure: called }, body(50, 9));`,
    pooled: `
      for (let i = 0; i < ${size(5, 12)}; i++) d.task("in_pool_" + i, { pool: "narrow", poolSlots: 1 + (i % 2), ...again }, body(${size(100, 500)}));`,
    grouped: `
      const files = d.group("files", { each: [...Array(${size(3, 8)}).keys()], maxActive: 3 }, (g) => {
        const read = g.task("read", again, body(${size(30, 150)}));
        const load = g.task("load", { inputs: { read }, ...again }, body(${size(30, 150)}));
        return { load };
      });
      d.task("report", { inputs: { load: files.result.load }, ...again }, body(20));`,
    sensing: `
      const seen = d.sensor("seen", { interval: "500ms", timeout: "10m" }, async () => Math.random() < 0.4);
      chain(seen, d.task("then", again, body(50)));`,
    long: `
      for (let i = 0; i < 2; i++) d.task("long_" + i, again, body(${size(4_000, 9_000)}));`,
    spawning: `
      d.task("leaves_a_child", again, async (context) => {
        note("start", context);
        spawn("sleep", ["3601"], { stdio: "ignore" });
        await pause(${size(500, 2_000)});
        note("end", context);
      });`,
    [HUNGRY]: `
      // As much as the process has, and a little more: the machine must not suffer.
      const limitMemory = () => {
        if (!existsSync("/proc/self/status")) return false;
        const kilobytes = Number(/VmData:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
        const most = (kilobytes + 150 * 1024) * 1024;
        return spawnSync("prlimit", ["--pid", String(process.pid), "--data=" + most]).status === 0;
      };
      d.task("eats", again, async (context) => {
        note("start", context);
        const held = [];
        if (context.tryNumber === 1 && !limitMemory()) throw new Error("without prlimit it fails on purpose");
        while (context.tryNumber === 1) held.push(Array.from({ length: 10_000 }, (_, i) => ({ i })));
        note("end", context);
      });`,
    [POISONED]: `
      const never = () => new Promise(() => undefined);
      const spoilt = {
        writes_bytes: async () => { writeSync(3, Buffer.from([0, 255, 10])); await never(); },
        writes_half_a_line: async () => { writeSync(3, "{"); process.exit(0); },
        exits: async () => process.exit(0),
        kills_itself: async () => { process.kill(process.pid, "SIGKILL"); await never(); },
        throws_in_a_timer: async () => { setTimeout(() => { throw new Error("late"); }, 5); await never(); },
        is_deaf: () => { for (;;); },
        returns_what_no_json_carries: async () => 1n,
        forks: async () => { for (let i = 0; i < 5; i++) spawn("sleep", ["3602"], { stdio: "ignore" }); throw new Error("after its forks"); },
      };
      const spoils = {
        patches_json: () => { JSON.stringify = () => "{"; },
        patches_promise: () => { globalThis.Promise = class {}; },
        patches_arrays: () => { Array.prototype.map = () => []; },
        changes_its_environment: () => { process.env.POISON = "1"; process.chdir("/"); },
        leaves_a_timer: () => { setInterval(() => undefined, 10); },
      };
      for (const [id, act] of Object.entries(spoilt))
        d.task(id, { ...again, executionTimeout: "5s" }, async (context) => {
          note("start", context);
          if (context.tryNumber === 1) return act();
          note("end", context);
        });
      for (const [id, act] of Object.entries(spoils))
        d.task(id, again, async (context) => {
          note("start", context);
          note("end", context);
          act();
        });`,
  };
  return Object.fromEntries(
    Object.entries(bodies).map(([id, text]) => [
      `${id}.js`,
      `${PRELUDE(revision)}
const d = dag("${id}", { ${isScheduled ? scheduleOf(id) : ""} ...limits, onSuccess: called, onFailure: called });
${text}
export default d;
`,
    ]),
  );
}

/**
 * The DAGs that run all the time: all but the scheduled one and the one that is a fault.
 */
export function triggeredDags(seed: number): readonly string[] {
  return Object.keys(dagFiles(seed, 0))
    .map((file) => file.replace(/\.js$/, ""))
    .filter((id) => id !== SCHEDULED && !FAULTY.includes(id));
}

const scheduleOf = (id: string): string =>
  id === SCHEDULED ? `schedule: "*/3 * * * * *", startDate: "2020-01-01", catchup: "last",` : "";
