/**
 * The objects of GitHub that can be extracted: the path of each list, which of its
 * sub-objects are reduced to one field, and how an interval chooses rows. To add an
 * object, add a row here and its columns in columns.ts.
 */
/** Query parameters. */
export type GithubPayload = Readonly<Record<string, string | number | boolean>>;

interface ObjectDefinition {
  /**
   * Listed once for each repository, once for the organisation, or once for the account
   * of the token.
   */
  readonly per: "repository" | "organization" | "account";
  readonly path: string;
  /**
   * Sub-object to the one field kept of it, which becomes `sub_field`; null keeps none.
   */
  readonly keep: Readonly<Record<string, string | null>>;
  /** Query parameters that are sent unless the payload sets them. */
  readonly query: GithubPayload;
  /** How an interval chooses rows. Absent: the rows have no time. */
  readonly interval?: IntervalRule;
  /** The media type to ask for, when the usual one leaves out the time. */
  readonly accept?: string;
  /** The field of the answer that has the list, when the answer is not the list. */
  readonly list?: string;
  /** The rows do not name their repository: it is added as `repository_full_name`. */
  readonly isNamed?: true;
}

/** How an interval chooses rows, and how GitHub is asked for fewer. */
export interface IntervalRule {
  /** The column that lies in the interval. */
  readonly time: string;
  /** The parameters that take the start and the end. */
  readonly from?: "since";
  readonly to?: "until";
  /**
   * The order with the latest `time` first: reading ends at the first page whose last row
   * is before the interval.
   */
  readonly latestFirst?: GithubPayload;
}

/**
 * Oldest first, so that objects created while the pages are read come on the last page
 * and shift no other.
 */
const OLDEST_FIRST = { sort: "created", direction: "asc" } as const;

export const githubObjects = {
  commits: {
    per: "repository",
    path: "commits",
    keep: { author: "id", committer: "id" },
    query: {},
    interval: { time: "commit_committer_date", from: "since", to: "until" },
  },
  commit_comments: {
    per: "repository",
    path: "comments",
    keep: { user: "id" },
    query: {},
    interval: { time: "updated_at" },
  },
  contributors: {
    per: "repository",
    path: "contributors",
    keep: {},
    query: {},
    isNamed: true,
  },
  forks: {
    per: "repository",
    path: "forks",
    keep: { owner: "id" },
    query: { sort: "oldest" },
    interval: { time: "created_at", latestFirst: { sort: "newest" } },
    isNamed: true,
  },
  issue_comments: {
    per: "repository",
    path: "issues/comments",
    keep: { user: "id" },
    query: OLDEST_FIRST,
    interval: { time: "updated_at", from: "since" },
  },
  issues: {
    per: "repository",
    path: "issues",
    keep: { labels: null, milestone: "id", assignee: "id", user: "id", closed_by: "id" },
    query: { state: "all", ...OLDEST_FIRST },
    interval: { time: "updated_at", from: "since" },
  },
  pull_requests: {
    per: "repository",
    path: "pulls",
    keep: { assignee: "id", milestone: "id", user: "id", head: "label", base: "label" },
    query: { state: "all", ...OLDEST_FIRST },
    interval: { time: "updated_at", latestFirst: { sort: "updated", direction: "desc" } },
  },
  releases: {
    per: "repository",
    path: "releases",
    keep: { author: "id", assets: null },
    query: {},
    interval: { time: "published_at" },
    isNamed: true,
  },
  stars: {
    per: "repository",
    path: "stargazers",
    keep: { user: "id" },
    query: {},
    interval: { time: "starred_at" },
    accept: "application/vnd.github.star+json",
    isNamed: true,
  },
  workflow_runs: {
    per: "repository",
    path: "actions/runs",
    keep: {
      ...{ actor: "id", triggering_actor: "id", head_commit: null, pull_requests: null },
      ...{ repository: "full_name", head_repository: "full_name", referenced_workflows: null },
    },
    query: {},
    interval: { time: "created_at", latestFirst: {} },
    list: "workflow_runs",
  },
  repositories: { per: "organization", path: "repos", keep: { owner: "id" }, query: OLDEST_FIRST },
  members: { per: "organization", path: "members", keep: {}, query: {} },
  teams: { per: "organization", path: "teams", keep: { parent: "id" }, query: {} },
  organizations: { per: "account", path: "user/orgs", keep: {}, query: {} },
} as const satisfies Readonly<Record<string, ObjectDefinition>>;

type ObjectsPer<Per> = {
  [Name in keyof typeof githubObjects]: (typeof githubObjects)[Name]["per"] extends Per
    ? Name
    : never;
}[keyof typeof githubObjects];

/** All objects that can be extracted. */
export type GithubObject = keyof typeof githubObjects;
/** Listed repository by repository. */
export type RepositoryObject = ObjectsPer<"repository">;
/** Listed once for an organisation. */
export type OrganizationObject = ObjectsPer<"organization">;

/** The definition of an object, with wider types than its constants. */
export function definitionOf(object: GithubObject): ObjectDefinition {
  return githubObjects[object];
}
