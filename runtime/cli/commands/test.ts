/** `dag test`: one run of a DAG in this process, without a database or a server. */
import type { Json } from "../../../sdk/json.ts";
import { command } from "../command.ts";
import { findTestedDag } from "../find/dag_file.ts";
import { personAt } from "../input/ask_person.ts";
import { isoDate, jsonById, jsonObject } from "../input/option_values.ts";
import { testTrigger } from "../input/test_trigger.ts";
import { withStrayErrors } from "../output/stray_errors.ts";
import { withTaskOutput } from "../output/task_output.ts";
import { scratchFolder } from "../project/scratch_files.ts";
import { openResolver } from "../project/secrets.ts";
import { TestReport } from "../reports/test_report.ts";

interface Options {
  readonly date?: string;
  readonly params?: Readonly<Record<string, Json>>;
  readonly task?: string;
  readonly folder?: string;
  readonly events?: Readonly<Record<string, Json>>;
  readonly answer?: Readonly<Record<string, Json>>;
  readonly trigger?: Readonly<Record<string, Json>>;
  readonly keepFiles?: boolean;
}

export const test = command({
  usage: "test <dag>",
  summary: "Run a DAG once, in this process, without a database or a server",
  more: "<dag> is a DAG file or a DAG id. Connections and variables come from DAG_CONN_* and DAG_VAR_*, also in the file .env of this folder. To stop at a breakpoint: node --inspect-brk node_modules/.bin/dag test <file>. Exit code 1 when the run failed.",
  options: [
    { flags: "--date <date>", text: "logical date, ISO 8601 (default: now)", parse: isoDate },
    { flags: "--params <json>", text: "the params of the run, a JSON object", parse: jsonObject },
    { flags: "--task <id>", text: "run only this task and its upstream tasks" },
    {
      flags: "--events <json>",
      text: "the events that tasks wait for, a JSON object of values by name",
      parse: jsonObject,
    },
    {
      flags: "--trigger <source=json>",
      text: "the events that start the run, a JSON list, by the name of their source",
      parse: jsonById,
    },
    {
      flags: "--answer <id=json>",
      text: "the answer to a question, by task id; repeatable. A terminal asks for others",
      parse: jsonById,
    },
    { flags: "--keep-files", text: "keep the files that tasks store, and say where they are" },
    {
      flags: "--folder <path>",
      text: "the folder in which a DAG id is looked up (default: ./dags)",
    },
  ],
  example: "dag test dags/hello.ts --date 2026-01-31",
  document: async () => (await import("../documents/runs.ts")).tested,
  run: async (cli, [name]: readonly [string], options: Options) => {
    const secrets = await openResolver(cli, null);
    const report = new TestReport(cli, secrets.mask);
    const onQuestion = personAt(cli);
    const filesFolder = await scratchFolder(options.keepFiles ?? false);
    const [dag, result] = await withTaskOutput(
      { mask: secrets.mask, toStderr: cli.json },
      async () => {
        const found = await findTestedDag(cli, name, options.folder);
        const { runDag } = await import("../../testing/index.ts");
        const { failTry } = await import("../../testing/stray_errors.ts");
        const run = await withStrayErrors(failTry, () =>
          runDag(found, {
            connections: secrets.connection,
            variables: secrets.variable,
            dags: (dagId) => findTestedDag(cli, dagId, options.folder),
            onEvent: (event) => report.tell(event),
            filesFolder,
            ...(options.answer && { answers: options.answer }),
            ...(onQuestion && { onQuestion }),
            ...(options.events && { events: options.events }),
            ...(options.date && { logicalDate: options.date }),
            ...(options.params && { params: options.params as Json }),
            ...(options.trigger && { trigger: testTrigger(found, options.trigger) }),
            ...(options.task && { only: options.task }),
          }),
        );
        return [found, run] as const;
      },
    );
    return report.outcome(dag.dagId, result, options.keepFiles ? filesFolder : null);
  },
});
