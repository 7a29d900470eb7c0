/** `dag note` and `dag label`: notes and labels on runs. */

import { isSameText } from "../../words/same_text.ts";
import { command, wrongUsage } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { label as parseLabel } from "../input/option_values.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

export const note = command({
  usage: "note <run> <text>",
  summary: "Write a note on a run; it replaces the earlier note",
  more: `${RUN_NAMES} An empty text removes the note.`,
  options: [
    {
      flags: "--was <text>",
      text: "write it only when the note is still this one; empty for none",
    },
  ],
  example: 'dag note 42 "rerun after the fix of the exchange rates"',
  document: async () => (await import("../documents/runs.ts")).noted,
  run: async (cli, [name, text]: readonly [string, string], { was }: { readonly was?: string }) =>
    withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      const { noteRun } = await import("../../actions/index.ts");
      const hide = await openHide(cli, db);
      await noteRun(db, {
        ...{ id: run.id, note: text, actor: cli.config.user },
        // Commands and pages show the note without its secrets.
        ...(was !== undefined && {
          isAsRead: (note) => isSameText(note, was) || isSameText(hide(note), was),
        }),
      });
      return {
        json: { id: run.id, dagId: run.dagId, runId: run.runId, note: text },
        lines: [`Run ${run.id} has ${text === "" ? "no note" : "a note"}.`],
      };
    }),
});

interface LabelOptions {
  readonly label?: Readonly<Record<string, string>>;
  readonly remove?: string;
}

export const label = command({
  usage: "label <run>",
  summary: "Set or remove labels of a run; `dag runs --label` filters by them",
  more: RUN_NAMES,
  options: [
    {
      flags: "--label <key=value>",
      text: "a label; may be given several times",
      parse: parseLabel,
    },
    { flags: "--remove <keys>", text: "keys of labels to remove, separated by commas" },
  ],
  example: "dag label 42 --label reviewed=yes",
  document: async () => (await import("../documents/runs.ts")).labelled,
  run: async (cli, [name]: readonly [string], options: LabelOptions) => {
    const labels = options.label ?? {};
    const remove = options.remove?.split(",") ?? [];
    if (Object.keys(labels).length === 0 && remove.length === 0)
      return wrongUsage("--label", "give a label, or --remove one");
    return withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      const { labelRun } = await import("../../actions/index.ts");
      await labelRun(db, { id: run.id, labels, remove, actor: cli.config.user });
      const hide = await openHide(cli, db);
      const now = hide(await needRun(db, String(run.id)));
      const text = Object.entries(now.labels).map(([key, value]) => `${key}=${value}`);
      return {
        json: { id: run.id, dagId: run.dagId, runId: run.runId, labels: now.labels },
        lines: [`Run ${run.id}: ${text.length === 0 ? "no labels" : text.join(", ")}`],
      };
    });
  },
});
