/**
 * Each morning, the repositories of an organisation by their stars: calls
 * `repository_stars` once for each repository, and joins what the runs return. A
 * repository that cannot be read is left out. Connection: `github`.
 */
import { dag } from "dagsmith";
import { githubHook } from "dagsmith/plugins/github";
import { z } from "zod";
import repositoryStars from "./repository_stars.ts";

const d = dag("stars_of_repositories", {
  schedule: "0 7 * * *",
  startDate: "2026-01-01",
  catchup: "none",
  params: z.object({ org: z.string().default("airflow-plugins") }),
});

const repositories = d.task("repositories", async ({ params, hook }) => {
  const github = await hook(githubHook("github"));
  const found = await github.paginate(github.rest.repos.listForOrg, {
    org: params.org,
    per_page: 100,
  });
  return found.map(({ name }) => name).toSorted();
});

const stars = d.call("stars", repositoryStars, {
  each: repositories,
  params: ({ params, item }) => ({ org: params.org, repository: item }),
  label: ({ item }) => item,
  timeout: "1h",
  allowFailure: true,
});

d.task("report", { inputs: { stars } }, ({ inputs, log }) => {
  const sum = inputs.stars.reduce((total, one) => total + one.stars, 0);
  log.info(`${sum} stars in ${inputs.stars.length} repositories`);
  return { repositories: inputs.stars.length, stars: sum };
});

export default d;
