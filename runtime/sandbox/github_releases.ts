/**
 * What a simulated repository publishes and checks: its releases and workflow runs, in the
 * shape of GitHub's REST API. Pure.
 */
import { commits } from "./github_activity.ts";
import { type GithubJson, type organizations, repository, user } from "./github_data.ts";

type Organization = (typeof organizations)[number];

/** Newest first: a draft, which is not published, and two releases. */
export function releases(root: string, org: Organization, repo: string): readonly GithubJson[] {
  const url = `${root}/repos/${org.login}/${repo}/releases`;
  return [3, 2, 1].map((n) => ({
    ...{ id: org.id * 100 + n, node_id: `RE_${n}`, tag_name: `v${n}`, name: `Version ${n}` },
    ...{ target_commitish: "master", body: n === 1 ? null : "Fixes.", immutable: false },
    ...{ draft: n === 3, prerelease: n === 2, author: user(root, org.memberLogins[0] ?? "ghost") },
    ...{ created_at: `2018-0${n}-01T00:00:00Z`, updated_at: `2018-0${n}-02T00:00:00Z` },
    published_at: n === 3 ? null : `2018-0${n}-02T00:00:00Z`,
    ...{ url: `${url}/${n}`, html_url: `${url}/${n}`, assets_url: `${url}/${n}/assets` },
    ...{ upload_url: `${url}/${n}/assets{?name}`, tarball_url: null, zipball_url: null },
    assets: [{ id: n, name: "build.tar.gz", size: 1_000 }],
  }));
}

/** Newest first: a run for each commit. */
export function workflowRuns(root: string, org: Organization, repo: string): readonly GithubJson[] {
  const url = `${root}/repos/${org.login}/${repo}/actions/runs`;
  const home = repository(root, org, repo);
  return commits(root, org, repo).map(({ sha, commit, author, parents: _ }, index, all) => {
    const number = all.length - index;
    const at = (commit as { readonly author: { readonly date: string } }).author.date;
    return {
      ...{ id: 9_000_000_000 + number, node_id: `WFR_${number}`, name: "check", event: "push" },
      ...{ run_number: number, run_attempt: 1, workflow_id: 5, check_suite_id: 6_000_000_000 },
      ...{ path: ".github/workflows/check.yml", display_title: `Change ${number}` },
      ...{ head_branch: "master", head_sha: sha, head_commit: { id: sha }, pull_requests: [] },
      ...{ status: "completed", conclusion: number % 4 === 0 ? "failure" : "success" },
      ...{ created_at: at, updated_at: at, run_started_at: at, previous_attempt_url: null },
      ...{ actor: author, triggering_actor: author, repository: home, head_repository: home },
      ...{
        url: `${url}/${number}`,
        html_url: `${url}/${number}`,
        jobs_url: `${url}/${number}/jobs`,
      },
    };
  });
}
