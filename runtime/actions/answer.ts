/** Answers a question that a task asks, or will ask. The first answer counts. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec, QuestionSpec } from "../../sdk/spec/index.ts";
import { answererText } from "../access/answering.ts";
import { mappedTaskIds } from "../engine/plan/plan_of.ts";
import { type CompletionResult, completeTries } from "../engine/results/complete_tries.ts";
import type { EngineTx } from "../engine/store.ts";
import { checkAnswer } from "../params/check_answer.ts";
import { isFinal } from "../state/task_state.ts";
import { audit } from "../store/access/audit.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { type AskedQuestion, askedQuestion, putAnswer } from "../store/waits/question.ts";
import { deleteWaits } from "../store/waits/task_wait.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterTransaction } from "../transactions/run_ends.ts";
import { type CodedRun, findRun } from "./run_tasks.ts";

export interface AnswerRequest {
  /** The run's number. */
  readonly id: number;
  readonly taskId: string;
  /** Of a mapped question. Default: -1. */
  readonly mapIndex?: number;
  readonly value: Json;
  readonly actor: string;
  /** The user who answers, as people see it. */
  readonly by: string;
  /** Whether the caller may answer such a question. Default: yes. */
  readonly may?: (question: QuestionSpec) => boolean;
}

/**
 * Answers a question. A task that waits for the answer resumes; a task that has not asked
 * yet will have it at once.
 * @returns whether a task waited for it
 * @throws DagsmithError UNKNOWN_RUN, RUN_FINISHED, NOT_A_QUESTION, NOT_ASKED,
 *   INVALID_ARGUMENT, INVALID_ANSWER, QUESTION_ANSWERED, QUESTION_CLOSED, SCHEMA_TOO_SLOW, SCHEMA_UNUSABLE
 */
export async function answerQuestion(db: Database, request: AnswerRequest): Promise<boolean> {
  // Checked before the run is locked: a slow schema must hold up no other task.
  const asked = await findRun(db, request.id, { held: false });
  const json = JSON.stringify(await checkedAnswer(asked, request));
  const plans = new Plans();
  const { isAsked, completed } = await runEngineTransaction(db, plans, async (tx, on) => {
    // Locked until the commit, so that a task that asks meanwhile finds the answer, or is
    // found here.
    await tx.lockRuns([request.id]);
    const run = await findRun(on, request.id, { held: false });
    return storeAnswer(tx, on, run, { ...request, json });
  });
  if (completed) await afterTransaction(db, plans, completed);
  return isAsked;
}

/** @throws DagsmithError NOT_A_QUESTION, NOT_ASKED, INVALID_ARGUMENT, INVALID_ANSWER, … */
async function checkedAnswer(
  { spec, runId }: CodedRun,
  { taskId, mapIndex = -1, value, by, may = () => true }: AnswerRequest,
): Promise<Json> {
  const { dagId } = spec;
  const question = questionOf(spec, taskId);
  const who = answererText(question);
  if (!may(question))
    throw new DagsmithError("NOT_ASKED", { task: taskId, run: runId, who, user: by });
  refuseWrongIndex(spec, taskId, mapIndex);
  return checkAnswer({ ...question, dagId, taskId }, value);
}

/** @throws DagsmithError NOT_A_QUESTION */
function questionOf({ dagId, tasks }: DagSpec, taskId: string): QuestionSpec {
  const question = tasks.find((task) => task.taskId === taskId)?.ask;
  if (question) return question;
  const all = tasks.flatMap((task) => (task.ask ? [task.taskId] : []));
  const questions = all.length === 0 ? "none" : all.slice(0, 20).join(", ");
  throw new DagsmithError("NOT_A_QUESTION", { task: taskId, dag: dagId, questions });
}

/** An answer to no instance would be lost. @throws DagsmithError INVALID_ARGUMENT */
function refuseWrongIndex(spec: DagSpec, taskId: string, mapIndex: number): void {
  const isMapped = mappedTaskIds(spec).has(taskId);
  if (isMapped === mapIndex >= 0) return;
  const reason = isMapped
    ? `question "${taskId}" is mapped; choose one of its instances`
    : `question "${taskId}" is not mapped, so it has no index`;
  throw new DagsmithError("INVALID_ARGUMENT", { argument: "map index", reason });
}

interface CheckedRequest extends AnswerRequest {
  readonly json: string;
}

interface StoredAnswer {
  readonly isAsked: boolean;
  /** Null for an answer that came before its question. */
  readonly completed: CompletionResult | null;
}

async function storeAnswer(
  tx: EngineTx,
  on: Queryable,
  run: CodedRun,
  request: CheckedRequest,
): Promise<StoredAnswer> {
  const { id, taskId, mapIndex = -1, json, actor, by } = request;
  const which = { runId: id, taskId, mapIndex };
  const question = await askedQuestion(on, which);
  refuseClosed(question, run, taskId);
  if (run.state === "success" || run.state === "failed")
    throw new DagsmithError("RUN_FINISHED", { run: run.runId, state: run.state });
  const isAsked = question.instanceState === "deferred";
  await putAnswer(on, { ...which, json, by }, isAsked);
  const completed = isAsked ? await resume(tx, on, which, question, json) : null;
  const after = { answer: JSON.parse(json) as Json };
  const entry = { actor, dagId: run.dagId, runId: run.runId, detail: { task: taskId, mapIndex } };
  await audit(on, { ...entry, action: "answer", after });
  return { isAsked, completed };
}

/** @throws DagsmithError QUESTION_ANSWERED, QUESTION_CLOSED */
function refuseClosed(question: AskedQuestion, { runId }: CodedRun, taskId: string): void {
  const { state, answeredBy, answeredAt, instanceState } = question;
  const isOver = instanceState !== null && instanceState !== "none" && isFinal(instanceState);
  if (state === "early" || (isOver && state === "answered")) {
    const at = answeredAt?.toISOString() ?? "";
    throw new DagsmithError("QUESTION_ANSWERED", {
      ...{ task: taskId, run: runId, user: answeredBy ?? "", at },
    });
  }
  if (isOver)
    throw new DagsmithError("QUESTION_CLOSED", { task: taskId, run: runId, state: instanceState });
}

async function resume(
  tx: EngineTx,
  on: Queryable,
  which: { readonly runId: number; readonly taskId: string; readonly mapIndex: number },
  { instanceId, tryNumber, lostTries, clearedTries }: AskedQuestion,
  json: string,
): Promise<CompletionResult> {
  const ref = { instanceId: instanceId ?? 0, tryNumber: tryNumber ?? 0 };
  const end = { ...which, ...ref, lostTries: lostTries ?? 0, clearedTries: clearedTries ?? 0 };
  const outcome = { kind: "resumed", output: json } as const;
  const completed = await completeTries(tx, [{ ...end, workerId: "", outcome }]);
  await deleteWaits(on, [{ ...ref, kind: "ask" }]);
  return completed;
}
