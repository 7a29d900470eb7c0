/** A whole DAG in memory: what `dag test` and people's own tests rely on. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type DagRunEvent, runDag, runTask } from "../../../runtime/testing/index.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { defineHook } from "../../../sdk/hook.ts";
import {
  type Callback,
  externalRun,
  waitFor,
  waitForEvent,
  waitUntil,
} from "../../../sdk/index.ts";
import { FailTask, SkipTask } from "../../../sdk/task/outcome.ts";
import { chain } from "../../../sdk/task/wirable.ts";

const at = { logicalDate: "2026-01-01" };

describe("runDag", () => {
  test("runs every task once, in order, and gives what each returned and pushed", async () => {
    const d = dag("sums", {
      timezone: "Europe/Berlin",
      params: z.object({ factor: z.number().default(2) }),
    });
    const numbers = d.task("numbers", async ({ xcom }) => {
      await xcom.push("unit", "metres");
      return [1, 2, 3];
    });
    const scaled = d.task(
      "scaled",
      { each: numbers },
      async ({ item, params }) => item * params.factor,
    );
    d.task("sum", { inputs: { scaled } }, async ({ inputs, xcom, logicalDate }) => {
      return [
        inputs.scaled.reduce((a, b) => a + b, 0),
        await xcom.pull("numbers", "unit"),
        logicalDate.toISO(),
      ];
    });
    const run = await runDag(d, at);
    expect(run.state).toBe("success");
    expect(run.runId).toBe("manual__2025-12-31T23:00:00+00:00");
    expect(run.xcom("scaled")).toEqual([2, 4, 6]);
    expect(run.xcom("numbers", "unit")).toBe("metres");
    expect(run.xcom("numbers", "nothing")).toBeUndefined();
    expect(run.tasks.map(({ taskId, mapIndex }) => `${taskId}${mapIndex}`)).toEqual([
      "numbers-1",
      "scaled0",
      "scaled1",
      "scaled2",
      "sum-1",
    ]);
    expect(run.tasks.at(-1)?.output).toEqual([12, "metres", "2026-01-01T00:00:00.000+01:00"]);
  });

  test("tries again at once, and reports each try and each end as it comes", async () => {
    const d = dag("retries", { defaults: { retryDelay: "1d" } });
    d.task("flaky", { retries: 2 }, async ({ tryNumber }) => {
      if (tryNumber < 3) throw new Error(`try ${tryNumber}`);
    });
    const events: DagRunEvent[] = [];
    const run = await runDag(d, { ...at, onEvent: (event) => events.push(event) });
    expect(run.tasks).toMatchObject([{ taskId: "flaky", state: "success", tryNumber: 3 }]);
    expect(
      events.map((event) =>
        event.type === "started"
          ? `try ${event.tryNumber}`
          : event.type === "ended"
            ? event.task.state
            : "log",
      ),
    ).toEqual([...["try 1", "up_for_retry", "try 2", "up_for_retry", "try 3", "success"]]);
  });

  test("passes the time that sensors and waits would take, and counts it", async () => {
    const d = dag("patient");
    let pokes = 0;
    const file = d.sensor("file", { interval: "20ms" }, () =>
      pokes++ < 2 ? false : { done: true, value: "trips.csv" },
    );
    const late = d.sensor(
      "late",
      { interval: "10ms", timeout: "25ms", softFail: true },
      () => false,
    );
    const pause = d.task("pause", waitFor("3h"));
    const run = d.task("run", externalRun({ dag: "other" }));
    const approval = d.task("approval", waitForEvent<{ by: string }>("approved"));
    const unsent = d.task("unsent", waitForEvent("unsent"));
    const computed = d.task(
      "computed",
      waitUntil(({ logicalDate }) => logicalDate.plus({ days: 1 })),
    );
    d.task(
      "load",
      { inputs: { file, approval } },
      ({ inputs }) => `${inputs.file} by ${inputs.approval.by}`,
    );
    chain([late, pause, run, unsent, computed], d.empty("end", { triggerRule: "all_done" }));
    const { tasks } = await runDag(d, { ...at, events: { approved: { by: "ann" } } });
    expect(Object.fromEntries(tasks.map(({ taskId, state }) => [taskId, state]))).toEqual({
      ...{
        file: "success",
        late: "skipped",
        pause: "success",
        run: "success",
        approval: "success",
        unsent: "failed",
      },
      ...{ computed: "success", load: "success", end: "success" },
    });
    expect(tasks.find(({ taskId }) => taskId === "load")?.output).toBe("trips.csv by ann");
    expect(tasks.find(({ taskId }) => taskId === "unsent")?.reason).toBe(
      'event "unsent" was not sent: give it in `events`',
    );
  });

  test.each([
    [{ executionTimeout: "20ms" }, "the try took longer than its executionTimeout of 0.02 s", 2],
    [{ totalTimeout: "20ms" }, "all tries together took longer than the totalTimeout of 0.02 s", 1],
  ] as const)("ends a task that takes longer than %o", async (limit, reason, tryNumber) => {
    const d = dag("slow");
    let aborted = 0;
    d.task("slow", { ...limit, retries: 1 }, ({ signal }) => {
      signal.addEventListener("abort", () => aborted++);
      return new Promise<null>(() => undefined);
    });
    expect((await runDag(d, at)).tasks).toMatchObject([{ state: "failed", reason, tryNumber }]);
    expect(aborted).toBe(tryNumber);
  });

  test("calls back as the real thing does, and a callback that fails changes nothing", async () => {
    const said: string[] = [];
    const say: Callback = ({ event, taskId, tryNumber, reason, params }) =>
      void said.push([event, taskId, tryNumber, reason, JSON.stringify(params)].join(" "));
    const d = dag("calling", { defaults: { onFailure: say, onRetry: say }, onFailure: say });
    d.task("bad", { retries: 1, onSuccess: say }, () => {
      throw new Error("no");
    });
    d.task("breaks", { onSuccess: () => Promise.reject(new Error("broken")) }, () => 1);
    const lines: string[] = [];
    const run = await runDag(d, {
      ...at,
      onEvent: (event) => event.type === "log" && lines.push(`${event.taskId}: ${event.text}`),
    });
    expect(run.state).toBe("failed");
    expect(said.toSorted()).toEqual(
      ["onFailure  0  {}", "onFailure bad 2 Error: no {}", "onRetry bad 1 Error: no {}"].toSorted(),
    );
    expect(lines).toEqual(["breaks: onSuccess failed: Error: broken"]);
  });

  test("calls back a sensor that a failure elsewhere stopped, and not what had not begun", async () => {
    const said: string[] = [];
    const say: Callback = ({ event, taskId, reason }) =>
      void said.push(`${event} ${taskId} ${reason}`);
    const d = dag("fast", { failFast: true, defaults: { onFailure: say, onSkipped: say } });
    const pokes = d.sensor("pokes", { interval: "1ms" }, () => false);
    chain(
      pokes,
      d.task("after", () => 1),
    );
    d.task("bad", () => Promise.reject(new FailTask("no")));
    expect((await runDag(d, at)).state).toBe("failed");
    expect(said).toEqual(["onFailure bad FailTask: no", "onSkipped pokes failFast: bad failed"]);
  });

  test("a poke in hand when it is stopped is the last", async () => {
    const d = dag("stopped");
    const stop = new AbortController();
    d.sensor("never", { interval: "1h" }, () => {
      stop.abort();
      return false;
    });
    expect((await runDag(d, { ...at, signal: stop.signal })).tasks).toMatchObject([
      { state: "skipped", reason: "stopped" },
    ]);
  });

  test("follows failures, skips and rules as the real thing does", async () => {
    const d = dag("rules");
    const fails = d.task("fails", { retries: 5 }, async () => {
      throw new FailTask("not today");
    });
    const skips = d.task("skips", async () => {
      throw new SkipTask("nothing new");
    });
    const shortcut = d.task("shortcut", async () => null);
    chain(fails, shortcut);
    const alarm = d.task("alarm", { triggerRule: "one_failed" }, async () => "rang");
    chain([fails, shortcut, skips], alarm);
    chain(skips, d.empty("after_skip"));
    const run = await runDag(d, at);
    expect(Object.fromEntries(run.tasks.map(({ taskId, state }) => [taskId, state]))).toEqual({
      ...{
        fails: "failed",
        shortcut: "upstream_failed",
        skips: "skipped",
        after_skip: "skipped",
        alarm: "success",
      },
    });
    expect(run.tasks.filter(({ taskId }) => taskId === "alarm")).toHaveLength(1);
    expect(run.state).toBe("success");
    expect(run.tasks.find(({ taskId }) => taskId === "fails")).toMatchObject({
      tryNumber: 1,
      reason: "FailTask: not today",
    });
  });

  test("runs one task with all it needs, and nothing else", async () => {
    const d = dag("part");
    const [a, b, c] = ["a", "b", "c"].map((id) => d.task(id, async () => id));
    chain(a!, b!, c!);
    chain(
      a!,
      d.task("aside", async () => null),
    );
    const run = await runDag(d, { ...at, only: "b" });
    expect(run.tasks.map(({ taskId }) => taskId)).toEqual(["a", "b"]);
    await expect(runDag(d, { only: "z" })).rejects.toMatchObject({
      code: "UNKNOWN_TASK",
      message: expect.stringContaining("a, "),
    });
  });

  test("gives connections and variables as values, or from a function, and refuses the others by name", async () => {
    const d = dag("secrets");
    d.task("asks", async ({ connection, variable }) => [
      (await connection("lake")).host,
      await variable("region"),
      await variable("nothing", "instead"),
      await connection("nowhere").catch(({ code }) => code),
    ]);
    const values = await runDag(d, {
      ...at,
      connections: { lake: "postgres://etl:pw@db/lake" },
      variables: { region: "eu" },
    });
    expect(values.xcom("asks")).toEqual(["db", "eu", "instead", "CONNECTION_NOT_FOUND"]);
    const found = await runDag(d, {
      ...at,
      connections: async (id) => ({
        id,
        type: "x",
        host: id,
        port: null,
        login: null,
        password: null,
        schema: null,
        extra: {},
      }),
      variables: async (key) => (key === "region" ? "us" : null),
    });
    expect(found.xcom("asks")).toEqual(
      ["lake", "us", "instead", { id: "nowhere" }].map((value, i) =>
        i === 3 ? expect.anything() : value,
      ),
    );
  });

  test("refuses params that do not fit before anything runs", async () => {
    const d = dag("params", { params: z.object({ repo: z.string() }) });
    let ran = false;
    d.task("a", async () => {
      ran = true;
    });
    await expect(runDag(d, at)).rejects.toMatchObject({ code: "INVALID_PARAMS" });
    expect(ran).toBe(false);
  });

  test("fails a task whose output cannot be carried, as the real thing does", async () => {
    const d = dag("outputs");
    d.task("map", async () => new Map() as never);
    const run = await runDag(d, at);
    expect([run.state, run.tasks[0]?.error?.name]).toEqual(["failed", "DagsmithError"]);
  });

  test("gives the next task a copy, not the very object", async () => {
    const d = dag("copies");
    const made = d.task("made", async () => ({ list: [1] }));
    const changes = d.task("changes", { inputs: { made } }, async ({ inputs }) => {
      (inputs.made.list as number[]).push(2);
    });
    const reads = d.task("reads", { inputs: { made } }, async ({ inputs }) => inputs.made.list);
    chain(changes, reads);
    expect((await runDag(d, at)).xcom("reads")).toEqual([1]);
  });

  test("refuses a date that is none", async () => {
    const d = dag("dates");
    d.empty("a");
    await expect(runDag(d, { logicalDate: "someday" })).rejects.toMatchObject({
      code: "INVALID_DATE",
    });
  });
});

describe("runTask", () => {
  const lakeHook = defineHook({
    types: ["lake"],
    open: async (connection) => ({ host: connection.host, isOpen: true }),
    close: async (client) => {
      client.isOpen = false;
    },
  });

  test("gives each hook its own client, also of one type and one connection", async () => {
    const queryHook = defineHook({ types: ["lake"], open: () => "the other client" });
    const run = await runTask(
      async ({ hook }) => {
        const first = await hook(lakeHook("lake"));
        return [first === (await hook(lakeHook("lake"))), await hook(queryHook("lake"))];
      },
      { connections: { lake: "lake://db" } },
    );
    expect(run.output).toEqual([true, "the other client"]);
  });

  test("runs a body with what it is given, and closes what it opened", async () => {
    let client: { isOpen: boolean } | undefined;
    const run = await runTask(
      async ({ hook, inputs, item, mapIndex, log, xcom, logicalDate, dataInterval }) => {
        client = await hook(lakeHook("lake"));
        expect(await hook(lakeHook("lake"))).toBe(client);
        log.info("seen", inputs);
        await xcom.push("rows", 3);
        return [
          item,
          mapIndex,
          logicalDate.toISODate(),
          dataInterval.end.toISODate(),
          client.isOpen,
        ];
      },
      {
        connections: { lake: { type: "lake", host: "h" } },
        inputs: { a: 1 },
        item: "x",
        logicalDate: "2026-03-01T00:00:00Z",
      },
    );
    expect(run.output).toEqual(["x", 0, "2026-03-01", "2026-03-02", true]);
    expect(run.log).toEqual([{ level: "info", text: "seen { a: 1 }" }]);
    expect(run.xcom).toEqual({ rows: 3 });
    expect(client?.isOpen).toBe(false);
  });

  test("throws what the body threw, by name and message", async () => {
    const fails = runTask(async () => {
      throw new FailTask("the bucket does not exist");
    });
    await expect(fails).rejects.toMatchObject({
      name: "FailTask",
      message: "the bucket does not exist",
    });
    const skips = runTask(async () => {
      throw new SkipTask("nothing new");
    });
    await expect(skips).rejects.toMatchObject({ name: "SkipTask", message: "nothing new" });
  });
});
