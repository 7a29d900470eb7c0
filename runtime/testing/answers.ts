/** Answers to the questions of a run in memory. */
import { DagsmithError, isDagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { AskSpec, QuestionSpec } from "../../sdk/spec/index.ts";
import type { MemoryInstance } from "../engine/memory/instance.ts";
import type { Outcome } from "../engine/results/outcome.ts";
import { checkAnswer } from "../params/check_answer.ts";
import type { AskedInMemory, RunDagOptions } from "./dag_run.ts";

/** A question of an instance. */
interface Asked {
  readonly dagId: string;
  readonly question: QuestionSpec;
  readonly ask: AskSpec;
  readonly instance: Pick<MemoryInstance, "taskId" | "mapIndex">;
}

/** How the wait for an answer ends: with one that is given, or with that of the clock. */
export async function answerInMemory(
  asked: Asked,
  { answers = {}, onQuestion }: RunDagOptions,
): Promise<Outcome> {
  const { taskId } = asked.instance;
  const name = nameOf(asked);
  const given = answers[name] ?? answers[taskId];
  try {
    if (given !== undefined) return resumed(await checked(asked, given));
    const told = onQuestion && (await tell(asked, onQuestion));
    if (told !== undefined) return resumed(told);
  } catch (error) {
    if (!isDagsmithError(error)) throw error;
    return failed(error);
  }
  const { otherwise } = asked.ask;
  return otherwise === null ? failed(noAnswer(asked)) : { kind: "resumed", output: otherwise };
}

function nameOf({ instance: { taskId, mapIndex } }: Asked): string {
  return mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
}

function checked({ dagId, question, instance: { taskId } }: Asked, value: Json): Promise<Json> {
  return checkAnswer({ ...question, dagId, taskId }, value);
}

/** Asks until an answer fits, or none is given. */
async function tell(
  asked: Asked,
  onQuestion: NonNullable<RunDagOptions["onQuestion"]>,
): Promise<Json | undefined> {
  const { subject, body } = asked.ask;
  const { options, formSchema } = asked.question;
  for (let problem: AskedInMemory["problem"] = null; ; ) {
    const shown = { name: nameOf(asked), subject, body, options, formSchema, problem };
    const told = await onQuestion(shown);
    if (told === undefined) return undefined;
    try {
      return await checked(asked, told);
    } catch (error) {
      if (!isDagsmithError(error, "INVALID_ANSWER")) throw error;
      problem = error.message;
    }
  }
}

function resumed(answer: Json): Outcome {
  return { kind: "resumed", output: JSON.stringify(answer) };
}

function failed({ code, message }: DagsmithError): Outcome {
  return { kind: "wait_timed_out", to: "failed", reason: `${code}: ${message}` };
}

function noAnswer(asked: Asked): DagsmithError {
  const { subject } = asked.ask;
  const task = nameOf(asked);
  return new DagsmithError("NO_ANSWER", { task, subject, allowed: allowed(asked) });
}

/** An answer in words. */
function allowed({ question: { options, formSchema } }: Asked): string {
  const texts = options.map((option) => JSON.stringify(option)).join(", ");
  if (formSchema === null) return `Allowed: ${texts}.`;
  return options.length === 0
    ? "It is the JSON object of the form."
    : `It is {"option": one of ${texts}, "form": {…}}.`;
}
