/**
 * Who cares about a simulated repository: its stars, forks, contributors and the teams of
 * its organisation, in the shape of GitHub's REST API. Pure.
 */
import { type GithubJson, type organizations, repository, user } from "./github_data.ts";

type Organization = (typeof organizations)[number];

/** Some of the members, in the order of the organisation. */
const STARS = 6;
const FORKS = 3;
const CONTRIBUTORS = 5;

const day = (n: number): string => `2018-03-${String(n + 1).padStart(2, "0")}T12:00:00Z`;

/** Oldest first, with the time, as GitHub lists them for the media type star+json. */
export function stars(root: string, { memberLogins }: Organization): readonly GithubJson[] {
  return memberLogins
    .slice(0, STARS)
    .map((login, n) => ({ starred_at: day(n), user: user(root, login) }));
}

/** Newest first. */
export function forks(root: string, org: Organization, repo: string): readonly GithubJson[] {
  return org.memberLogins
    .slice(0, FORKS)
    .map((login, n) => ({
      ...repository(root, org, repo),
      ...{ id: org.id * 1_000 + n, full_name: `${login}/${repo}`, fork: true },
      ...{ owner: user(root, login), created_at: day(n) },
    }))
    .toReversed();
}

/** Most contributions first. */
export function contributors(root: string, { memberLogins }: Organization): readonly GithubJson[] {
  return memberLogins
    .slice(0, CONTRIBUTORS)
    .map((login, n) => ({ ...user(root, login), contributions: 100 - n }));
}

/** The second team is part of the first. */
export function teams(root: string, { login, id }: Organization): readonly GithubJson[] {
  const team = (n: number, name: string, parent: GithubJson | null): GithubJson => ({
    ...{ id: id * 10 + n, node_id: `T_${id}_${n}`, name, slug: name, parent },
    ...{ description: null, privacy: "closed", notification_setting: "notifications_enabled" },
    ...{ permission: "pull", url: `${root}/organizations/${id}/team/${n}` },
    html_url: `${root}/html/orgs/${login}/teams/${name}`,
    members_url: `${root}/organizations/${id}/team/${n}/members{/member}`,
    repositories_url: `${root}/organizations/${id}/team/${n}/repos`,
  });
  const everyone = team(1, "everyone", null);
  return [everyone, team(2, "maintainers", everyone)];
}
