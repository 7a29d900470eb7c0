/**
 * Two simulated organisations, always the same: their members, repositories and issues in
 * the shape of GitHub's REST API. Pure. They hold what real data has and test data often
 * lacks: lists of several pages, of exactly one page and of none, ids beyond 32 bits,
 * titles with quotes, tabs, line breaks and other scripts, pull requests among the
 * issues, and one person in both organisations.
 */

/** An object of GitHub's API; its `url`s begin with the root of the server. */
export type GithubJson = Readonly<Record<string, unknown>>;

interface Organization {
  readonly login: string;
  readonly id: number;
  readonly memberLogins: readonly string[];
  /** Repository name to the number of its issues. */
  readonly repositories: Readonly<Record<string, number>>;
  readonly stars: number;
}

/**
 * A member of both organisations with the same number of open issues in each. A UNION of
 * the two counts loses one of them.
 */
const IN_BOTH = "grace-both";
const OPEN_ISSUES_OF_IN_BOTH = 3;

const logins = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}-${n + 1}`);

export const organizations: readonly Organization[] = [
  {
    login: "astronomerio",
    id: 19_606_222,
    memberLogins: [IN_BOTH, ...logins("astro", 111)],
    repositories: {
      astronomer: 230,
      "open-example-dags": 100,
      "helm.astronomer.io": 37,
      "astro-cli": 12,
      "docs-site": 1,
      empty: 0,
    },
    stars: 1_200,
  },
  {
    login: "airflow-plugins",
    id: 35_145_712,
    memberLogins: [IN_BOTH, ...logins("plugin", 8)],
    repositories: { github_plugin: 60, redshift_plugin: 25, mysql_plugin: 7, salesforce_plugin: 4 },
    stars: 90,
  },
  {
    login: "kestra-io",
    id: 59_033_362,
    memberLogins: [],
    repositories: { kestra: 5 },
    stars: 21_000,
  },
];

const TITLES = [
  "Scheduler skips the last interval",
  "Quote \"this\" and 'that', and a \\ backslash",
  "Tab\there,\nand a second line",
  "Größe, 東京, Ελλάδα, 🚀 and a combining é",
  "Comma, semicolon; pipe | and {braces}",
  "  leading and trailing blanks  ",
];

/** The time of the n-th event; events are an hour apart. */
const at = (n: number): string =>
  `${new Date(Date.UTC(2018, 0, 1) + n * 3_600_000).toISOString().slice(0, 19)}Z`;

/** A person. The same login has the same id in every organisation. */
export function user(root: string, login: string): GithubJson {
  const url = `${root}/users/${login}`;
  return {
    login,
    id: userId(login),
    node_id: `U_${login}`,
    avatar_url: `${root}/avatars/${login}.png`,
    gravatar_id: "",
    url,
    html_url: `${root}/html/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: "User",
    user_view_type: "public",
    site_admin: false,
  };
}

/** Every third id is beyond 32 bits. */
function userId(login: string): number {
  const order = [...new Set(organizations.flatMap(({ memberLogins }) => memberLogins))].indexOf(
    login,
  );
  return (order % 3 === 0 ? 3_000_000_000 : 1_000_000) + order;
}

export function members(root: string, org: Organization): readonly GithubJson[] {
  return org.memberLogins.map((login) => user(root, login));
}

export function organization(root: string, { login, id }: Organization): GithubJson {
  const url = `${root}/orgs/${login}`;
  return {
    ...{
      login,
      id,
      node_id: `O_${login}`,
      url,
      description: `The made-up organisation ${login}`,
      avatar_url: `${root}/avatars/${login}.png`,
    },
    ...{
      repos_url: `${url}/repos`,
      events_url: `${url}/events`,
      hooks_url: `${url}/hooks`,
      issues_url: `${url}/issues`,
    },
    ...{
      members_url: `${url}/members{/member}`,
      public_members_url: `${url}/public_members{/member}`,
    },
  };
}

export function repository(root: string, org: Organization, name: string): GithubJson {
  const position = Object.keys(org.repositories).indexOf(name);
  const url = `${root}/repos/${org.login}/${name}`;
  const openIssues = issues(root, org, name).filter(({ state }) => state === "open").length;
  return {
    ...{
      id: org.id * 10 + position,
      node_id: `R_${org.login}_${name}`,
      name,
      full_name: `${org.login}/${name}`,
      private: false,
    },
    owner: { ...user(root, org.login), id: org.id, type: "Organization" },
    ...{
      html_url: `${root}/html/${org.login}/${name}`,
      description: position % 2 === 0 ? `About ${name}` : null,
      fork: false,
      url,
    },
    ...{
      issues_url: `${url}/issues{/number}`,
      commits_url: `${url}/commits{/sha}`,
      comments_url: `${url}/comments{/number}`,
    },
    ...{
      pulls_url: `${url}/pulls{/number}`,
      stargazers_url: `${url}/stargazers`,
      clone_url: `${root}/git/${org.login}/${name}.git`,
    },
    ...{
      created_at: at(position),
      updated_at: at(900 + position),
      pushed_at: at(800 + position),
      size: 100 * (position + 1),
    },
    ...{
      stargazers_count: org.stars - position,
      watchers_count: org.stars - position,
      watchers: org.stars - position,
    },
    ...{
      forks_count: position,
      forks: position,
      open_issues_count: openIssues,
      open_issues: openIssues,
    },
    ...{
      language: "Python",
      has_issues: true,
      has_wiki: false,
      archived: false,
      disabled: false,
      visibility: "public",
    },
    license: {
      key: "apache-2.0",
      name: "Apache License 2.0",
      spdx_id: "Apache-2.0",
      url: `${root}/licenses/apache-2.0`,
      node_id: "L_1",
    },
    ...{
      topics: ["airflow"],
      default_branch: "master",
      permissions: { admin: false, push: false, pull: true },
    },
  };
}

/** Oldest first. Every fifth is a pull request, every second is closed. */
export function issues(root: string, org: Organization, repo: string): readonly GithubJson[] {
  return Array.from({ length: org.repositories[repo] ?? 0 }, (_, index) =>
    issue(root, org, repo, index + 1),
  );
}

function issue(root: string, org: Organization, repo: string, number: number): GithubJson {
  const url = `${root}/repos/${org.login}/${repo}/issues/${number}`;
  const isOpen = number % 2 === 1;
  const isPullRequest = number % 5 === 0;
  const assignee = assigneeOf(org, repo, number);
  const person = assignee === null ? null : user(root, assignee);
  const html = `${root}/html/${org.login}/${repo}/${isPullRequest ? "pull" : "issues"}/${number}`;
  const pull = `${root}/repos/${org.login}/${repo}/pulls/${number}`;
  return {
    ...{
      url,
      repository_url: `${root}/repos/${org.login}/${repo}`,
      labels_url: `${url}/labels{/name}`,
      comments_url: `${url}/comments`,
    },
    ...{ events_url: `${url}/events`, timeline_url: `${url}/timeline`, html_url: html },
    ...{
      id: issueId(org, repo, number),
      node_id: `I_${issueId(org, repo, number)}`,
      number,
      title: TITLES[number % TITLES.length],
    },
    user: user(root, org.memberLogins[number % org.memberLogins.length] ?? "ghost"),
    labels:
      number % 3 === 0
        ? [{ id: 1, name: "bug", color: "d73a4a", default: true, description: null }]
        : [],
    ...{
      state: isOpen ? "open" : "closed",
      state_reason: isOpen ? null : "completed",
      locked: false,
      active_lock_reason: null,
    },
    ...{
      assignee: person,
      assignees: person === null ? [] : [person],
      comments: number % 4,
      author_association: "MEMBER",
    },
    milestone:
      number % 7 === 0 ? { id: 5_000_000_000, number: 1, title: "1.0", creator: null } : null,
    ...{
      created_at: at(number),
      updated_at: at(number + 24),
      closed_at: isOpen ? null : at(number + 24),
    },
    body:
      number % 6 === 0 ? null : `Steps for "${repo}":\r\n\r\n1. do\tit\r\n2. see issue ${number}`,
    ...(isPullRequest
      ? {
          draft: false,
          pull_request: { url: pull, html_url: html, merged_at: isOpen ? null : at(number + 24) },
        }
      : {}),
  };
}

/**
 * The member of both organisations has the first open issues. The others share every
 * fourth issue, and all of them are known members.
 */
function assigneeOf(org: Organization, repo: string, number: number): string | null {
  const isFirst = Object.keys(org.repositories)[0] === repo;
  if (isFirst && [1, 3, 7].slice(0, OPEN_ISSUES_OF_IN_BOTH).includes(number)) return IN_BOTH;
  const others = org.memberLogins.filter((login) => login !== IN_BOTH);
  return number % 4 === 1 ? (others[number % others.length] ?? null) : null;
}

function issueId(org: Organization, repo: string, number: number): number {
  return (
    2_200_000_000 + org.id * 100 + Object.keys(org.repositories).indexOf(repo) * 1_000 + number
  );
}
