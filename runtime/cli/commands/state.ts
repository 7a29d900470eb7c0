/** `dag state`: the values that tasks keep between runs. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import { command } from "../command.ts";
import { table } from "../output/table.ts";
import { timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

const SCOPES =
  "<scope> is the id of a DAG, <dag>/<task> for the state of one task, or shared:<name> for state that DAGs share.";

/** Long values are shown whole by `dag state get` and with --json. */
const SHOWN_CHARACTERS = 80;

const list = command({
  usage: "list <scope> [prefix]",
  summary: "List the values of a scope, at most 1000",
  more: SCOPES,
  example: "dag state list orders",
  document: async () => (await import("../documents/settings.ts")).states,
  run: async (cli, [scope, prefix = ""]: readonly [string, string | undefined]) =>
    withDatabase(cli, async (db) => {
      const { scopeNamed } = await import("../../actions/state.ts");
      const { listState } = await import("../../store/values/state.ts");
      const hide = await openHide(cli, db);
      const entries = hide(await listState(db, scopeNamed(scope), prefix));
      const rows = entries.map(({ key, value, revision, updatedAt }) => [
        ...[key, shortened(value), String(revision), timeText(new Date(updatedAt))],
      ]);
      return {
        json: { entries },
        lines:
          entries.length === 0
            ? [`There is no state in ${scope}.`]
            : table(["key", "value", "revision", "changed"], rows),
      };
    }),
});

const get = command({
  usage: "get <scope> <key>",
  summary: "Print a value as JSON",
  more: SCOPES,
  example: "dag state get orders cursor",
  document: async () => (await import("../documents/settings.ts")).stateValue,
  run: async (cli, [scope, key]: readonly [string, string]) =>
    withDatabase(cli, async (db) => {
      const { scopeNamed } = await import("../../actions/state.ts");
      const { readState } = await import("../../store/values/state.ts");
      const json = await readState(db, scopeNamed(scope), key);
      if (json === null) throw absent(scope, key);
      const hide = await openHide(cli, db);
      const { value } = hide({ value: JSON.parse(json) as Json });
      return { json: { key, value }, lines: [JSON.stringify(value)] };
    }),
});

const set = command({
  usage: "set <scope> <key> <json>",
  summary: "Set a value, in JSON; text that is not JSON is stored as text",
  more: `${SCOPES} A task that runs now may have read the value before.`,
  example: `dag state set orders cursor '{"page": 3}'`,
  document: async () => (await import("../documents/settings.ts")).stateValue,
  run: async (cli, [scope, key, text]: readonly [string, string, string]) =>
    withDatabase(cli, async (db) => {
      const { scopeNamed, setStateValue } = await import("../../actions/state.ts");
      const value = jsonOrText(text);
      const actor = cli.config.user;
      await setStateValue(db, { scope: scopeNamed(scope), key, value, actor });
      return { json: { key, value }, lines: [`State ${key} of ${scope} is set.`] };
    }),
});

const remove = command({
  usage: "delete <scope> <key>",
  summary: "Delete a value",
  more: SCOPES,
  example: "dag state delete orders cursor",
  document: async () => (await import("../documents/settings.ts")).keyDeleted,
  run: async (cli, [scope, key]: readonly [string, string]) =>
    withDatabase(cli, async (db) => {
      const { deleteStateValue, scopeNamed } = await import("../../actions/state.ts");
      const place = { scope: scopeNamed(scope), key, actor: cli.config.user };
      if (!(await deleteStateValue(db, place))) throw absent(scope, key);
      return { json: { key, deleted: true }, lines: [`State ${key} of ${scope} is deleted.`] };
    }),
});

function absent(scope: string, key: string): DagsmithError {
  return new DagsmithError("STATE_NOT_FOUND", { key, scope });
}

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function shortened(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

export const state = {
  name: "state",
  summary: "The values that tasks keep between runs: list, get, set, delete",
  commands: [list, get, set, remove],
};
