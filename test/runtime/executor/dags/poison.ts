/**
 * Tasks that write where they must not, replace what is not theirs, and leave things
 * behind.
 */
import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { createServer } from "node:net";
import { chain, dag } from "dagsmith";

const never = (): Promise<never> => new Promise<never>(() => undefined);
const CHANNEL = 3;

// Only in a task process: the inspector is tested elsewhere.
if (process.env.POISON_IMPORT) writeSync(CHANNEL, "import\n");

const stray = dag("stray_writes", { maxActiveRuns: 50 });
const writes: Readonly<Record<string, string>> = {
  bytes: "x\n",
  null: "null\n",
  half_line: "{",
  wrong_shape: '{"type":"log"}\n',
  wrong_type: '{"type":"done","try":"1","result":{"outcome":"success","output":7},"isSpoilt":1}\n',
  other_try: '{"type":"log","try":1000000,"level":"info","source":"task","text":"forged"}\n',
  no_end: "x".repeat(32 * 1024 * 1024),
};
for (const [name, text] of Object.entries(writes))
  stray.task(name, async ({ xcom }) => {
    for (let sent = 0; sent < text.length; sent += 65_536)
      await written(text.slice(sent, sent + 65_536));
    // A half line ends with the next message.
    await xcom.push("more", 1);
    await never();
  });

/** The socket may be full; it is not blocking. */
async function written(text: string): Promise<void> {
  for (let sent = 0; sent < text.length; )
    try {
      sent += writeSync(CHANNEL, text.slice(sent));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
}

const patches = dag("patches", { maxActiveRuns: 50 });
const replace = (object: object, name: string, value: unknown) => () =>
  void Object.defineProperty(object, name, { value, configurable: true, writable: true });
const patch: Readonly<Record<string, () => void>> = {
  stringify: replace(JSON, "stringify", () => "{"),
  to_json: replace(Object.prototype, "toJSON", () => "poison"),
  array_map: replace(Array.prototype, "map", () => []),
  promise: replace(globalThis, "Promise", class {}),
  date: replace(Date, "now", () => 0),
  console: replace(console, "log", () => undefined),
  stdout: replace(process.stdout, "write", () => true),
  timeout: replace(globalThis, "setTimeout", () => 0),
  global: replace(globalThis, "poison", 1),
  environment: () => void Object.assign(process.env, { POISON: "1" }),
  folder: () => process.chdir("/"),
  listener: () => void process.on("SIGTERM", () => undefined),
  timer: () => void setInterval(() => undefined, 1_000),
  server: () => void createServer().listen(0),
  child: () => void spawn("sleep", ["300"], { stdio: "ignore" }).unref(),
};
for (const [name, apply] of Object.entries(patch)) {
  const patching = patches.task(name, async ({ xcom }) => {
    await xcom.push("pid", process.pid);
    apply();
    return { done: true };
  });
  const after = patches.task(`after_${name}`, { triggerRule: "all_done" }, async () => ({
    pid: process.pid,
    world: [
      JSON.stringify({ a: [1] }),
      process.env.POISON ?? null,
      typeof (globalThis as { readonly poison?: unknown }).poison,
    ],
    folder: process.cwd(),
  }));
  chain(patching, after);
}

const leaves = dag("leaves_a_timer");
leaves.task("leave", async ({ xcom, log }) => {
  setInterval(() => {
    log.info("late words");
    console.log("late print");
    xcom.push("late", 1).catch(() => undefined);
  }, 5).unref();
  return process.pid;
});
const meets = dag("meets_a_timer");
meets.task("meet", async ({ log }) => {
  log.info("begin");
  await new Promise((resolve) => setTimeout(resolve, 150));
  console.log("end");
  return process.pid;
});

const deny = (): never => {
  throw new Error("a getter that throws");
};
const refused = dag("refused_values");
refused.task(
  "each",
  { each: Array.from({ length: 40 }, (_, index) => index), label: ({ item }) => `item\0${item}` },
  async ({ item, xcom, log }) => {
    log.info(`a\0b \ud800 ${item}`);
    await xcom.push("a\0key", "\ud800");
    if (item === 7) replace(JSON, "stringify", () => "{")();
    if (item === 8) throw Object.assign(new Error("\0\ud800"), { name: { odd: true } });
    if (item === 9) throw Object.defineProperty(new Error("hidden"), "message", { get: deny });
    return { item, text: "\0\ud800" };
  },
);

const innocent = dag("innocent", { maxActiveRuns: 50 });
innocent.task("works", { each: [1, 2, 3, 4, 5, 6, 7, 8] }, async ({ item }) => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return item;
});

export default [stray, patches, leaves, meets, refused, innocent];
