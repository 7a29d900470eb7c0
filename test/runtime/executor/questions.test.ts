/** Questions for real: workers, a scheduler and task processes. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  answerQuestion,
  cancelTask,
  clearRuns,
  markTask,
  triggerRun,
} from "../../../runtime/actions/index.ts";
import { type SchedulerService, startScheduler } from "../../../runtime/scheduler/service.ts";
import { openQuestions, questionOf } from "../../../runtime/store/reads/questions.ts";
import { whyWaiting } from "../../../runtime/store/reads/why.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd, type TestWorker, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(14);
const me = { actor: "ann", by: "ann" };
const ASKING = fileURLToPath(new URL("asking_dags", import.meta.url));

describe("with a worker and a scheduler", () => {
  let worker: TestWorker;
  let scheduler: SchedulerService;
  beforeAll(async () => {
    await deploy(postgres.db, ASKING);
    worker = await testWorker(postgres.db);
    scheduler = startScheduler({ db: postgres.db, log: () => undefined });
  });
  afterAll(async () => {
    await scheduler?.stop();
    await worker?.stop();
  });

  const started = async (dagId: string): Promise<number> =>
    (await triggerRun(postgres.db, { dagId, actor: "ann" })).id;
  const opened = (run: number, count = 1) =>
    until("the questions to open", async () => {
      const open = await openQuestions(postgres.db, { run, limit: 10 });
      return open.length === count && open;
    });
  const answer = (id: number, taskId: string, value: unknown, mapIndex?: number) =>
    answerQuestion(postgres.db, {
      ...{ id, taskId, value: value as never, ...me },
      ...(mapIndex !== undefined && { mapIndex }),
    });
  const callbacksOf = (run: number) =>
    rows<{ event: string; reason: string; state: string }>(
      postgres.db,
      "select event, reason, state from dagsmith.callback where run_id = $1 order by id",
      [run],
    );

  test("its text comes from the run; the first answer is the output, and is kept", async () => {
    const id = await started("asking");
    const [question] = await opened(id);
    expect(question).toMatchObject({
      ...{ taskId: "approve", mapIndex: -1, subject: "Publish 12 rows of July?" },
      ...{ body: "All checks passed.", assignees: ["ada"], role: null, until: null },
    });
    const [waiting] = (await whyWaiting(postgres.db, id, "approve")).tasks;
    expect(waiting?.reasons.map(({ text }) => text)).toEqual([
      "waits for an answer to its question",
      "may be answered by ada, on the page or by dag answer",
    ]);
    await expect(answer(id, "approve", { publish: "yes" })).rejects.toMatchObject({
      code: "INVALID_ANSWER",
    });
    await expect(answer(id, "use", { publish: true })).rejects.toMatchObject({
      code: "NOT_A_QUESTION",
    });
    expect(await answer(id, "approve", { publish: true })).toBe(true);
    const run = await runEnd(postgres.db, id);
    expect([run.state, run.task("use").output]).toEqual(["success", "none"]);
    await expect(answer(id, "approve", { publish: false })).rejects.toThrow(
      /^Question "approve" of run \S+ was answered already, by ann at 20/,
    );
    expect(await questionOf(postgres.db, id, "approve", -1)).toMatchObject({
      ...{ state: "answered", answer: { publish: true, note: "none" }, answeredBy: "ann" },
    });
    const audited = "select detail from dagsmith.audit where action = 'answer' and run_id = $1";
    expect(await rows(postgres.db, audited, [question?.runId])).toEqual([
      {
        detail: {
          ...{ task: "approve", mapIndex: -1 },
          after: { answer: { publish: true, note: "none" } },
        },
      },
    ]);
    await until("the callback", async () => (await callbacksOf(id))[0]?.state === "success");
    expect(await callbacksOf(id)).toEqual([
      { event: "onAsk", reason: "Publish 12 rows of July?", state: "success" },
    ]);
    const left = "select from dagsmith.task_wait where run_id = $1";
    expect(await rows(postgres.db, left, [id])).toEqual([]);
  });

  test("an answer may come first; then the question does not open", async () => {
    const id = await started("asking");
    const isAsked = await answer(id, "approve", { publish: true, note: "early" });
    const run = await runEnd(postgres.db, id);
    expect(run.task("use").output).toBe("early");
    expect(await questionOf(postgres.db, id, "approve", -1)).toMatchObject({
      ...{ state: "answered", subject: "Publish 12 rows of July?", answeredBy: "ann" },
    });
    if (!isAsked) expect(await callbacksOf(id)).toEqual([]);
  });

  test("each instance of a mapped question takes its own answer", async () => {
    const id = await started("asking_each");
    await opened(id, 3);
    await expect(answer(id, "each", "yes")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(answer(id, "each", "maybe", 1)).rejects.toThrow('choose one of "yes", "no"');
    await answer(id, "each", "yes", 1);
    await answer(id, "each", "no", 0);
    await answer(id, "each", "no", 2);
    expect((await runEnd(postgres.db, id)).task("list").output).toEqual(["no", "yes", "no"]);
  });

  test("when the time is up, `otherwise` is the answer; without it the task fails", async () => {
    const id = await started("asking_late");
    const run = await runEnd(postgres.db, id);
    expect(run.task("otherwise")).toMatchObject({ state: "success", output: "no" });
    expect(run.task("fails")).toMatchObject({
      ...{ state: "failed", tryNumber: 1 },
      reason: "an answer to its question did not come within the timeout",
    });
    expect((await questionOf(postgres.db, id, "fails", -1))?.state).toBe("timed_out");
    await expect(answer(id, "fails", "yes")).rejects.toMatchObject({ code: "QUESTION_CLOSED" });
  });

  test("reminders call onAsk again, as long as the question is open", async () => {
    const id = await started("asking_again");
    await opened(id);
    await until("two reminders", async () => (await callbacksOf(id)).length > 2);
    expect((await callbacksOf(id))[2]).toMatchObject({
      event: "onAsk",
      reason: "reminder: Still?",
    });
    await answer(id, "q", "yes");
    expect((await runEnd(postgres.db, id)).state).toBe("success");
  });

  test("no secret stands in a question", async () => {
    const id = await started("asking_secretly");
    const [question] = await opened(id);
    expect([question?.subject, question?.body]).toEqual(["Is it ***?", "It is ***"]);
    await cancelTask(postgres.db, { id, taskId: "q", actor: "ann" });
    await expect(answer(id, "q", "yes")).rejects.toMatchObject({ code: "QUESTION_CLOSED" });
    expect(await openQuestions(postgres.db, { run: id, limit: 10 })).toEqual([]);
  });

  test("a question that is marked takes no answer, and one that is cleared asks again", async () => {
    const id = await started("asking");
    await opened(id);
    await markTask(postgres.db, { id, taskId: "approve", to: "failed", actor: "ann" });
    await runEnd(postgres.db, id);
    await expect(answer(id, "approve", { publish: true })).rejects.toMatchObject({
      code: "QUESTION_CLOSED",
    });
    await clearRuns(postgres.db, {
      of: { run: id },
      taskId: "approve",
      downstream: true,
      actor: "ann",
    });
    await opened(id);
    await answer(id, "approve", { publish: true, note: "again" });
    expect((await runEnd(postgres.db, id)).task("use").output).toBe("again");
  });

  test("a group that is tried again asks again", async () => {
    const id = await started("asking_in_a_group");
    await opened(id);
    await answer(id, "part.go", "no");
    await until("the second question", async () => {
      const [open] = await openQuestions(postgres.db, { run: id, limit: 1 });
      return open !== undefined;
    });
    await answer(id, "part.go", "yes");
    expect((await runEnd(postgres.db, id)).state).toBe("success");
  });

  test("a form that takes for ever to check holds up nothing", async () => {
    const id = await started("asking_slowly");
    await opened(id);
    const evil = { option: "yes", form: { text: `${"a".repeat(40)}!` } };
    await expect(answer(id, "q", evil)).rejects.toMatchObject({ code: "SCHEMA_TOO_SLOW" });
    await answer(id, "q", { option: "yes", form: { text: "aa" } });
    expect((await runEnd(postgres.db, id)).state).toBe("success");
  });
});
