/**
 * Walks through the issues of a repository, a page an iteration, each beginning where the
 * one before ended: a walk that breaks off goes on at the page that failed. Connection:
 * `github`.
 */
import { dag } from "dagsmith";
import { githubHook } from "dagsmith/plugins/github";
import { z } from "zod";

const d = dag("github_issue_pages", {
  params: z.object({
    repo: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, "write owner/name")
      .default("airflow-plugins/redshift_plugin"),
    perPage: z.int().min(1).max(100).default(30),
  }),
});

const pages = d.loop(
  "pages",
  {
    initial: { page: 0, open: 0, closed: 0, isLast: false },
    until: ({ isLast }) => isLast,
    maxIterations: 1_000,
    retries: 3,
  },
  async ({ previous, params, hook }) => {
    const [owner = "", repo = ""] = params.repo.split("/");
    const page = previous.page + 1;
    const github = await hook(githubHook("github"));
    const { data } = await github.rest.issues.listForRepo({
      owner,
      repo,
      state: "all",
      per_page: params.perPage,
      page,
    });
    const open = data.filter(({ state }) => state === "open").length;
    return {
      page,
      open: previous.open + open,
      closed: previous.closed + data.length - open,
      isLast: data.length < params.perPage,
    };
  },
);

d.task("report", { inputs: { pages } }, ({ inputs, log }) => {
  const { page = 0, open = 0, closed = 0 } = inputs.pages.at(-1) ?? {};
  log.info(`${open} open and ${closed} closed on ${page} pages`);
  return { open, closed };
});

export default d;
