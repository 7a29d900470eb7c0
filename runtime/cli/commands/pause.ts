/** `dag pause` and `dag unpause`: stop and start the schedule of a DAG. */
import { type AnyCommand, command } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { withDatabase } from "../project/database.ts";

export const pause = pausing(
  "pause",
  "Pause a DAG's schedule; existing runs go on, and it can still be triggered",
);
export const unpause = pausing("unpause", "Resume a DAG's schedule");

function pausing(verb: "pause" | "unpause", summary: string): AnyCommand {
  return command({
    usage: `${verb} <dag>`,
    summary,
    example: `dag ${verb} daily_report`,
    document: async () => (await import("../documents/dags.ts")).paused,
    run: async (cli, [dagId]: readonly [string]) =>
      withDatabase(cli, async (db) => {
        await needDag(db, dagId);
        const { pauseDag, unpauseDag } = await import("../../actions/index.ts");
        await (verb === "pause" ? pauseDag : unpauseDag)(db, { dagId, actor: cli.config.user });
        return { json: { dagId, isPaused: verb === "pause" }, lines: [`${dagId} is ${verb}d.`] };
      }),
  });
}
