/** `dag questions`, `dag answer`: questions of tasks to people, and answers to them. */
import type { Json } from "../../../sdk/json.ts";
import { answererText } from "../../access/answering.ts";
import type { QuestionRow } from "../../store/reads/questions.ts";
import { command } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { jsonValue, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { cell, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

/** Questions that one call lists. */
const MOST = 1_000;

export const questions = command({
  usage: "questions [run]",
  summary: "List the open questions of tasks to people, the oldest first",
  more: `${RUN_NAMES} Without a run: of all runs. Answer with: dag answer <run> <task>.`,
  example: "dag questions",
  document: async () => (await import("../documents/runs.ts")).questions,
  run: async (cli, [name]: readonly [string | undefined]) =>
    withDatabase(cli, async (db) => {
      const run = name === undefined ? null : (await needRun(db, name)).id;
      const { openQuestions } = await import("../../store/reads/questions.ts");
      const hide = await openHide(cli, db);
      const found = hide(await openQuestions(db, { limit: MOST, run }));
      const headings = ["run", "dag", "task", "question", "who", "asked", "until"];
      return {
        json: { questions: found },
        lines: found.length === 0 ? ["No open questions."] : table(headings, found.map(rowOf)),
      };
    }),
});

function rowOf(question: QuestionRow): readonly string[] {
  const { run, dagId, taskId, mapIndex, subject, askedAt, until } = question;
  return [
    ...[String(run), dagId, mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`, cell(subject)],
    cell(answererText(question)),
    ...[timeText(askedAt), until === null ? "" : timeText(until)],
  ];
}

interface Options {
  readonly value?: Json;
  readonly mapIndex?: number;
}

export const answer = command({
  usage: "answer <run> <task>",
  summary: "Answer a question of a task: the task resumes, now or when it asks",
  more: `${RUN_NAMES} The value is the option that is chosen, the object of the form, or {"option": …, "form": {…}}.`,
  options: [
    { flags: "--value <json>", text: "the answer", parse: jsonValue },
    {
      flags: "--map-index <n>",
      text: "the instance of a mapped question",
      parse: wholeNumber(0, 10_000_000),
    },
  ],
  example: `dag answer 42 approve --value '{"publish": true}'`,
  document: async () => (await import("../documents/runs.ts")).answered,
  run: async (cli, [name, taskId]: readonly [string, string], options: Options) =>
    withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      const { answerQuestion } = await import("../../actions/index.ts");
      const { mapIndex, value = null } = options;
      const which = { id: run.id, taskId, ...(mapIndex !== undefined && { mapIndex }) };
      const { user } = cli.config;
      const resumed = await answerQuestion(db, { ...which, value, actor: user, by: user });
      const when = resumed ? "its task goes on" : "its task has the answer when it asks";
      return {
        json: { ...which, dagId: run.dagId, runId: run.runId, resumed },
        lines: [`Question ${taskId} of run ${run.id} is answered: ${when}.`],
      };
    }),
});
