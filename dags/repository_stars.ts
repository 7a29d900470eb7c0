/**
 * The stars and open issues of one repository, for DAGs that call it. Connection:
 * `github`.
 */
import { dag, pick } from "dagsmith";
import { githubHook } from "dagsmith/plugins/github";
import { z } from "zod";

const d = dag("repository_stars", {
  params: z.object({ org: z.string(), repository: z.string() }),
  defaults: { retries: 2, retryDelay: "30s" },
  maxActiveRuns: 4,
});

const facts = d.task("facts", async ({ params, hook }) => {
  const github = await hook(githubHook("github"));
  const { data } = await github.rest.repos.get({ owner: params.org, repo: params.repository });
  return { stars: data.stargazers_count, issues: data.open_issues_count };
});

export default d.output({ stars: pick(facts, "stars"), issues: pick(facts, "issues") });
