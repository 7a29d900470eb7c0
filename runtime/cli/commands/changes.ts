/** `dag changes`: the triggers that report row changes in other databases to DAGs. */
import type { EventSourceDone, EventsRequest } from "../../actions/index.ts";
import type { Database } from "../../store/database/database.ts";
import { type AnyCommand, type Cli, command } from "../command.ts";
import { table } from "../output/table.ts";
import { cell, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide, openResolver } from "../project/secrets.ts";

const WHAT =
  "Creates, in the database of the connection: the schema dagsmith_events with a table (the outbox) and a function, and a trigger on each table. It changes nothing else there.";

const install = changing("install", {
  summary: "Install the triggers that report row changes to a DAG (postgresChanges)",
  more: `${WHAT} May be repeated at any time. Needs a login that owns the tables and may create a schema.`,
  work: async (db, request) => (await import("../../actions/index.ts")).installEvents(db, request),
});

const uninstall = changing("uninstall", {
  summary: "Remove a DAG's triggers from those databases, with the changes that wait there",
  more: "With the last trigger of a database, the outbox is removed too.",
  work: async (db, request) =>
    (await import("../../actions/index.ts")).uninstallEvents(db, request),
});

interface Change {
  readonly summary: string;
  readonly more: string;
  readonly work: (db: Database, request: EventsRequest) => Promise<readonly EventSourceDone[]>;
}

function changing(verb: string, { summary, more, work }: Change): AnyCommand {
  return command({
    usage: `${verb} <dag>`,
    summary,
    more,
    example: `dag changes ${verb} raw_to_cleansed`,
    document: async () => (await import("../documents/settings.ts")).eventSourcesChanged,
    run: async (cli, [dagId]: readonly [string]) =>
      withDatabase(cli, async (db) => {
        const sources = await work(db, {
          dagId,
          actor: cli.config.user,
          connection: await connections(cli, db),
        });
        return { json: { dagId, sources }, lines: sources.map(lineOf) };
      }),
  });
}

async function connections(cli: Cli, db: Database): Promise<EventsRequest["connection"]> {
  return (await openResolver(cli, db)).connection;
}

function lineOf({ name, connection, table: of, key, isNew }: EventSourceDone): string {
  if (key === null) return `${name}: the trigger on ${of} of ${connection} is removed.`;
  return `${name}: the trigger on ${of} of ${connection} ${isNew ? "is installed" : "exists already"}; rows are identified by ${key.join(", ")}.`;
}

const list = command({
  usage: "list",
  summary: "List the tables whose changes start runs, and their errors",
  example: "dag changes list",
  document: async () => (await import("../documents/settings.ts")).eventSources,
  run: async (cli) =>
    withDatabase(cli, async (db) => {
      const { listSubscriptions } = await import("../../store/sources/change_subscription.ts");
      const hide = await openHide(cli, db);
      const subscriptions = hide(await listSubscriptions(db, null));
      const rows = subscriptions.map(
        ({ dagId, name, connection, schema, table: of, installedAt, error }) => [
          ...[dagId, name, connection, cell(`${schema}.${of}`), timeText(installedAt)],
          error === null ? "-" : cli.terminal.style.red(cell(error)),
        ],
      );
      const lines =
        subscriptions.length === 0
          ? ["No DAG subscribes to a table."]
          : table(["dag", "source", "connection", "table", "installed", "error"], rows);
      return { json: { sources: subscriptions }, lines };
    }),
});

export const changes = {
  name: "changes",
  summary: "Triggers in databases whose changes start runs: list, install, uninstall",
  commands: [list, install, uninstall],
};
