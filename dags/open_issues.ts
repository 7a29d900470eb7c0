/**
 * Each morning, counts the open issues of every repository of an organisation: four at a
 * time, and at most 100 questions a minute, whatever else asks GitHub. Connection:
 * `github`. Pool: `github` (`dag pools set github 4`).
 */
import { dag } from "dagsmith";
import { githubHook } from "dagsmith/plugins/github";
import { z } from "zod";

const d = dag("open_issues", {
  schedule: "0 6 * * *",
  startDate: "2026-01-01",
  catchup: "none",
  params: z.object({ org: z.string().default("airflow-plugins") }),
});

const repos = d.task("list_repositories", async ({ params, hook }) => {
  const github = await hook(githubHook("github"));
  const found = await github.paginate(github.rest.repos.listForOrg, {
    org: params.org,
    per_page: 100,
  });
  return found.map(({ name }) => name).toSorted();
});

const counts = d.task(
  "count_issues",
  {
    each: repos,
    retries: 3,
    pool: "github",
    rateLimit: { key: "api.github.com", limit: 100, per: "60s" },
  },
  async ({ params, item, hook }) => {
    const github = await hook(githubHook("github"));
    const { data } = await github.rest.repos.get({ owner: params.org, repo: item });
    return { repository: item, issues: data.open_issues_count };
  },
);

d.task("report", { inputs: { counts } }, ({ inputs, log }) => {
  const most = inputs.counts.toSorted((one, other) => other.issues - one.issues);
  for (const { repository, issues } of most) log.info(`${repository}: ${issues}`);
  return most.reduce((sum, { issues }) => sum + issues, 0);
});

export default d;
