/**
 * Each hour, looks at the open issues of a GitHub organisation and goes one of three
 * ways: nothing to do, a short list, or a long one that is summed up. Where the ways meet
 * again, only one of the two lists is there, and the types say so. Connection: `github`.
 */
import { chain, dag } from "dagsmith";
import { githubHook, githubRecords } from "dagsmith/plugins/github";
import { z } from "zod";

const d = dag("github_triage", {
  schedule: "@hourly",
  startDate: "2026-01-01",
  catchup: false,
  defaults: { retries: 2, retryDelay: "1m" },
  params: z.object({
    org: z.string().default("astronomerio"),
    long: z.number().int().positive().default(10),
  }),
});

const titles = d.task("open_issues", async ({ params, hook }) => {
  const github = await hook(githubHook("github"));
  const source = {
    org: params.org,
    repo: "all",
    object: "issues",
    payload: { state: "open" },
    pullRequests: "drop",
  } as const;
  const found: string[] = [];
  for await (const issue of githubRecords(github, source)) found.push(String(issue.title));
  return found;
});

const any = d.shortCircuit("any_open", { inputs: { titles } }, ({ inputs }) => inputs.titles);

const listed = d.task("list", { inputs: { titles } }, ({ inputs }) => inputs.titles.toSorted());
const summed = d.task(
  "sum_up",
  { inputs: { titles } },
  ({ inputs }) => `${inputs.titles.length} issues are open`,
);

const size = d.switch(
  "by_size",
  { inputs: { titles }, cases: { short: listed, long: summed } },
  ({ inputs, params }) => (inputs.titles.length < params.long ? "short" : "long"),
);

const digest = d.task(
  "digest",
  { inputs: { listed, summed }, triggerRule: "none_failed_min_one_success" },
  ({ inputs: { listed: list, summed: sum } }) => sum ?? list?.join("\n") ?? "",
);

chain(any, size);
const latest = d.latestOnly("latest_only");
chain(
  digest,
  latest,
  d.task("announce", { inputs: { digest } }, ({ inputs, log }) => log.info(inputs.digest)),
);

export default d;
