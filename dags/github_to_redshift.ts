/**
 * Every day: the issues and members of GitHub organisations, by way of S3, into a
 * warehouse; then how many open issues each member has.
 *
 * Connections: `github`, `s3`, and `warehouse`, which is a Redshift or a PostgreSQL.
 * Other organisations, up to two at a time: dag trigger github_to_redshift --params
 * '{"orgs": ["hub4j"]}'
 */
import { chain, dag, identifier, joinSql, SkipTask, sql } from "dagsmith";
import { redshiftSql, s3ToRedshift } from "dagsmith/plugins/aws";
import { githubColumns, githubToS3 } from "dagsmith/plugins/github";
import { z } from "zod";

const orgs = ["astronomerio", "airflow-plugins"];
const schema = "github_data";

const d = dag("github_to_redshift", {
  schedule: "@daily",
  startDate: "2018-01-05",
  catchup: false,
  params: z.object({
    orgs: z
      .array(z.string())
      .min(1)
      .max(orgs.length)
      .refine((given) => new Set(given).size === given.length, "names an organisation twice")
      .default(orgs),
  }),
  defaults: { retries: 2, retryDelay: "5m" },
});

const kickOff = d.empty("kick_off_dag");
const loaded = d.empty("finished_api_calls", { triggerRule: "none_failed_min_one_success" });

for (const object of ["issues", "members"] as const) {
  for (const [lane, org] of orgs.entries()) {
    const extract = d.task(
      `github_${object}_data_from_${org}_to_s3`,
      githubToS3({
        ...{ github: "github", repo: "all", object, s3: "s3", bucket: "lake" },
        org: ({ params }) => orgOf(params.orgs, lane),
        key: ({ params }) => `github/${orgOf(params.orgs, lane)}/${object}.json`,
      }),
    );
    const load = d.task(
      `github_${object}_from_${org}_to_redshift`,
      s3ToRedshift({
        ...{
          s3: "s3",
          bucket: "lake",
          redshift: "warehouse",
          schema,
          columns: githubColumns[object],
          loadType: "rebuild",
        },
        key: ({ params }) => `github/${orgOf(params.orgs, lane)}/${object}.json`,
        table: ({ params }) => tableOf(orgOf(params.orgs, lane), object),
      }),
    );
    chain(kickOff, extract, load, loaded);
  }
}

const result = identifier(schema, "open_issue_count");
const next = identifier(schema, "open_issue_count_next");

// Only what a broken run left behind: were the result itself dropped here, readers would
// find no table until the next task is done.
const dropTable = d.task(
  "drop_table_sql",
  redshiftSql({ redshift: "warehouse", sql: sql`drop table if exists ${next}` }),
);

const transform = d.task(
  "github_transforms",
  redshiftSql({
    redshift: "warehouse",
    // A list is one transaction: the new result takes the place of the old one at once.
    sql: ({ params, logicalDate }) => [
      sql`create table ${next} (login varchar(256), count bigint, "timestamp" timestamp)`,
      sql`insert into ${next}
        select login, sum(count), cast(${logicalDate.minus({ hours: 4 })} as timestamp)
        from (${openIssuesPerMember(params.orgs)}) per_org
        group by login`,
      sql`drop table if exists ${result}`,
      sql`alter table ${next} rename to open_issue_count`,
    ],
  }),
);

chain(loaded, dropTable, transform);

export default d;

/** A lane of the graph that the run gives no organisation is skipped. */
function orgOf(given: readonly string[], lane: number): string {
  const org = given[lane];
  if (org === undefined)
    throw new SkipTask(`this run names ${given.length} of ${orgs.length} organisations`);
  return org;
}

function tableOf(org: string, object: string): string {
  return `${org}_${object}`.toLowerCase();
}

/**
 * UNION ALL, not UNION: a member with three open issues in each of two organisations has
 * six. GitHub lists pull requests as issues too.
 */
function openIssuesPerMember(given: readonly string[]) {
  const counts = given.map(
    (org) => sql`select members.login, count(*) as count
      from ${identifier(schema, tableOf(org, "issues"))} issues
      join ${identifier(schema, tableOf(org, "members"))} members on members.id = issues.assignee_id
      where issues.state = 'open' and issues.pull_request_url is null
      group by members.login`,
  );
  return joinSql(counts, " union all ");
}
