/** `dag event`: sends an event for which tasks of a run wait (`waitForEvent`). */
import type { Json } from "../../../sdk/json.ts";
import { command } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { jsonValue } from "../input/option_values.ts";
import { withDatabase } from "../project/database.ts";

const send = command({
  usage: "send <run> <event>",
  summary: "Send an event to a run: tasks that wait for it resume, now or when they start to wait",
  more: RUN_NAMES,
  options: [
    {
      flags: "--value <json>",
      text: "the output of the waiting tasks (default: null)",
      parse: jsonValue,
    },
  ],
  example: `dag event send 42 delivered --value '{"file": "a.csv"}'`,
  document: async () => (await import("../documents/runs.ts")).sent,
  run: async (cli, [name, event]: readonly [string, string], options: { readonly value?: Json }) =>
    withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      const { sendEvent } = await import("../../actions/index.ts");
      const { value = null } = options;
      const resumed = await sendEvent(db, {
        id: run.id,
        name: event,
        value,
        actor: cli.config.user,
      });
      const who =
        resumed === 0
          ? "no task waits for it yet"
          : `${resumed} ${resumed === 1 ? "task" : "tasks"} resumed`;
      return {
        json: { id: run.id, dagId: run.dagId, runId: run.runId, event, resumed },
        lines: [`Event ${event} is sent to run ${run.id} of ${run.dagId}: ${who}.`],
      };
    }),
});

export const event = [send];
