/**
 * Each night, the issues of every repository of an organisation, by way of S3, into a
 * warehouse: four repositories at a time, each fetched, checked and loaded by itself. A
 * file that lacks issues is fetched again before anything of it is loaded, which a retry
 * of the check alone could not do. A repository that stays broken holds up no other, and
 * fails the run in the end.
 *
 * Connections: `github`, `s3`, and `warehouse`, which is a Redshift or a PostgreSQL.
 */
import { chain, dag, FailTask } from "dagsmith";
import { s3Hook, s3ToRedshift } from "dagsmith/plugins/aws";
import { githubColumns, githubHook, githubToS3 } from "dagsmith/plugins/github";
import { readJsonLines } from "dagsmith/plugins/postgres";
import { z } from "zod";

const bucket = "lake";

const d = dag("issues_by_repository", {
  schedule: "0 2 * * *",
  startDate: "2026-01-01",
  catchup: "none",
  params: z.object({ org: z.string().default("airflow-plugins") }),
  defaults: { retries: 2, retryDelay: "30s" },
});

const repositories = d.task("list_repositories", async ({ params, hook }) => {
  const github = await hook(githubHook("github"));
  const found = await github.paginate(github.rest.repos.listForOrg, {
    org: params.org,
    per_page: 100,
  });
  return found.map(({ name }) => name).toSorted();
});

const perRepository = d.group(
  "repository",
  {
    each: repositories,
    maxActive: 4,
    retries: 3,
    retryDelay: "1m",
    executionTimeout: "30m",
    label: ({ item }) => item,
  },
  (g) => {
    const file = g.task(
      "fetch",
      githubToS3({
        ...{ github: "github", object: "issues", s3: "s3", bucket },
        org: ({ params }) => params.org,
        repo: ({ item }) => item,
        key: ({ params, item }) => keyOf(params.org, item),
      }),
    );

    // While pages are read, an issue that is closed or deleted may move another past
    // them.
    const check = g.task(
      "check",
      { inputs: { file }, retries: 0 },
      async ({ params, item, inputs, hook }) => {
        const [github, s3] = [await hook(githubHook("github")), await hook(s3Hook("s3"))];
        const issues = new Map<unknown, boolean>();
        for await (const rows of readJsonLines(await s3.getStream(bucket, inputs.file.key)))
          for (const { values } of rows) issues.set(values.id, values.state === "open");
        const { data } = await github.rest.repos.get({ owner: params.org, repo: item });
        const open = [...issues.values()].filter(Boolean).length;
        if (open !== data.open_issues_count)
          throw new Error(
            `the file has ${open} open issues, ${item} has ${data.open_issues_count}`,
          );
        if (issues.size !== inputs.file.records)
          throw new Error(`${inputs.file.records} lines, but ${issues.size} issues`);
        return { repository: item, issues: issues.size, open };
      },
    );

    const load = g.task(
      "load",
      s3ToRedshift({
        ...{
          s3: "s3",
          bucket,
          redshift: "warehouse",
          schema: "github_data",
          columns: githubColumns.issues,
          loadType: "rebuild",
        },
        key: ({ params, item }) => keyOf(params.org, item),
        table: ({ params, item }) => `${params.org}_${item}_issues`.toLowerCase(),
      }),
    );
    chain(check, load);
    return { check };
  },
);

const report = d.task(
  "report",
  { inputs: { repositories, checked: perRepository.result.check }, triggerRule: "all_done" },
  ({ inputs: { repositories = [], checked = [] }, log }) => {
    for (const { repository, issues, open } of checked)
      log.info(`${repository}: ${open} of ${issues} issues are open`);
    const missing = repositories.filter(
      (name) => !checked.some(({ repository }) => repository === name),
    );
    if (missing.length > 0) throw new FailTask(`not brought up to date: ${missing.join(", ")}`);
    return { repositories: checked.length, open: checked.reduce((sum, { open }) => sum + open, 0) };
  },
);
chain(perRepository, report);

export default d;

function keyOf(org: string, repository: string): string {
  return `github/${org}/${repository}/issues.json`;
}
