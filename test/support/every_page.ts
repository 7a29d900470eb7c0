/**
 * The address of every page: made from the routes themselves, so that a new page is
 * tested without being listed.
 */
import { parseConnection } from "../../sdk/connection.ts";
import type { TwoTeams } from "./two_teams.ts";
import type { TestWeb } from "./web.ts";

/** Answers that are no pages. */
const NO_PAGE =
  /^\/(?:api|assets|events|healthz|readyz|hooks|open|welcome|login|files|mcp|llms.txt)|\/(?:download|stream|export)$/;

/** What an address needs after its path. */
const QUERIES: Readonly<Record<string, (run: number) => string>> = {
  "/data/events": () => `?uri=${encodeURIComponent("lake://orders")}`,
  "/search": () => "?q=o",
  "/bulk/runs": (run) => `?do=clear&run=${run}`,
  "/bulk/dags": () => "?do=pause&dag=ours",
  "/runs/:id/tasks/:taskId/mark": () => "?to=success",
  "/logs/:instanceId/:tryNumber/find": () => "?q=wrong",
};

/** @param teams the rows that the pages show, see {@link twoTeams} */
export async function everyPage(web: TestWeb, { run, back }: TwoTeams): Promise<readonly string[]> {
  const [instance] = await web.rows.sql(
    "select id from dagsmith.task_instance where run_id = $1 and task_id = 'load'",
    [run],
  );
  await web.rows.instance(run, "group.each", { state: "failed", mapIndex: 0 });
  await web.secrets.stored.setConnection(parseConnection("lake", "http://lake.example.com"));
  const values: Readonly<Record<string, string | number>> = {
    ...{ dagId: "ours", mapIndex: 0, tryNumber: 1 },
    ...{ instanceId: String(instance?.id), runId: "manual__ours" },
  };
  return web.server.routes
    .filter(({ method, path }) => method === "get" && !NO_PAGE.test(path))
    .map(({ path }) => {
      const id = path.startsWith("/connections/")
        ? "lake"
        : /^\/(?:backfills|deployments)\//.test(path)
          ? 1
          : run;
      const taskId = path.endsWith("/:mapIndex") ? "group.each" : "load";
      const own: typeof values = { ...values, id: path.endsWith("/compare") ? back : id, taskId };
      const address = path.replaceAll(/:(\w+)/g, (_, name: string) => String(own[name]));
      return address + (QUERIES[path]?.(run) ?? "");
    });
}
