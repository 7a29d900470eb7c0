/**
 * Each day, counts what is open in some GitHub organisations: one instance for each
 * organisation and kind of work, which can be tried again alone, and one report over all
 * of them. Connection: `github`.
 */
import { cross, dag, lazy } from "dagsmith";
import { githubHook, githubRecords } from "dagsmith/plugins/github";
import { z } from "zod";

const d = dag("github_open_work", {
  schedule: "@daily",
  startDate: "2026-01-01",
  catchup: false,
  defaults: { retries: 2, retryDelay: "1m" },
  params: z.object({ orgs: z.array(z.string()).default(["astronomerio", "airflow-plugins"]) }),
});

const orgs = d.task("orgs", ({ params }) => params.orgs);

const counts = d.task(
  "count",
  {
    each: cross({ org: orgs, object: ["issues", "pull_requests"] }),
    label: ({ item }) => `${item.object} of ${item.org}`,
    maxActive: 4,
  },
  async ({ item: { org, object }, hook }) => {
    const github = await hook(githubHook("github"));
    let open = 0;
    const source = { org, repo: "all", payload: { state: "open" } } as const;
    for await (const _ of githubRecords(
      github,
      object === "issues" ? { ...source, object, pullRequests: "drop" } : { ...source, object },
    ))
      open += 1;
    return { org, object, open };
  },
);

d.task("report", { inputs: { counts: lazy(counts) } }, async ({ inputs, log }) => {
  const byOrg: Record<string, number> = {};
  for await (const { org, object, open } of inputs.counts) {
    log.info(`${org}: ${open} open ${object}`);
    byOrg[org] = (byOrg[org] ?? 0) + open;
  }
  return byOrg;
});

export default d;
