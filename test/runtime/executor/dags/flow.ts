/** Values on their way from task to task, and the processes that tasks run in. */
import { chain, dag } from "dagsmith";

const d = dag("flow", { timezone: "Europe/Berlin" });
const numbers = d.task("numbers", async ({ xcom }) => {
  await xcom.push("unit", "metres");
  return [1, 2, 3];
});
const squares = d.task(
  "squares",
  { each: numbers, maxActive: 2 },
  async ({ item, mapIndex, xcom }) => {
    await xcom.push("index", mapIndex);
    return item * item;
  },
);
d.task(
  "sum",
  { inputs: { squares, numbers } },
  async ({ inputs, xcom, dagId, runId, tryNumber, mapIndex, logicalDate }) => ({
    sum: inputs.squares.reduce((a, b) => a + b, 0),
    numbers: inputs.numbers,
    unit: await xcom.pull("numbers", "unit"),
    indexes: await xcom.pull("squares", "index"),
    nothing: await xcom.pull("numbers", "nothing"),
    about: [dagId, runId.split("__")[0] ?? "", tryNumber, mapIndex, logicalDate.zoneName],
  }),
);
const forgets = d.task(
  "forgets",
  { retries: 1, retryDelay: "0s" },
  async ({ xcom, tryNumber, taskId }) => {
    const found = await xcom.pull(taskId, "left");
    await xcom.push("left", tryNumber);
    if (tryNumber === 1) throw new Error("again");
    return found;
  },
);
chain(numbers, forgets);
d.task("asks_in_vain", async ({ connection, variable }) => ({
  connection: await connection("nowhere").catch(
    (error: { code?: string; message: string }) => error.code ?? error.message,
  ),
  variable: await variable("nothing").catch(
    (error: { code?: string; message: string }) => error.code ?? error.message,
  ),
  fallback: await variable("nothing", "instead"),
  set: await variable("region"),
}));
d.task("cannot_push_its_output", async ({ xcom }) => {
  await xcom.push("return_value", 1);
});
d.task("environment", async () => Object.keys(process.env).toSorted());

const processes = dag("processes");
const warm = [1, 2, 3].map((n) => processes.task(`warm_${n}`, async () => process.pid));
const fresh = [1, 2, 3].map((n) =>
  processes.task(`fresh_${n}`, { freshProcess: true }, async () => process.pid),
);
chain(
  ...warm,
  ...fresh,
  processes.task("last", async () => process.pid),
);

const late = dag("late");
chain(
  late.task("leaves_a_throw_behind", async () => {
    setTimeout(() => {
      throw new Error("too late");
    }, 50).unref();
    setTimeout(() => void Promise.reject(new Error("rejected too late")), 60).unref();
    return process.pid;
  }),
  late.task("is_not_hurt", async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return process.pid;
  }),
  late.task("crashes", async () => {
    setTimeout(() => console.log("still here"), 200);
    void Promise.reject(new Error("nobody waits for me"));
    await new Promise(() => undefined);
  }),
  late.task("runs_elsewhere", { triggerRule: "all_done" }, async () => process.pid),
);
export default [d, processes, late];
