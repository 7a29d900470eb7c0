/** Columns, and the lists of them that several objects of GitHub have. */

/**
 * A column type that every warehouse has; `text` has no limit, `timestamptz` is read from
 * ISO 8601.
 */
export type ColumnType =
  | "bigint"
  | "integer"
  | "boolean"
  | "text"
  | `varchar(${number})`
  | "timestamptz"
  | "double precision"
  | "numeric";

/** A column of a table. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Columns of one type, from their names separated by spaces. */
export function columnsOf(type: ColumnType, names: string): readonly Column[] {
  return names.split(" ").map((name) => ({ name, type }));
}

/** The columns of a person or a bot. */
export const accountColumns: readonly Column[] = [
  ...columnsOf("bigint", "id"),
  ...columnsOf("boolean", "site_admin"),
  ...columnsOf("text", "login node_id type user_view_type gravatar_id avatar_url url html_url"),
  ...columnsOf(
    "text",
    "followers_url following_url gists_url starred_url subscriptions_url organizations_url repos_url events_url",
  ),
  ...columnsOf("text", "received_events_url"),
];

/** The columns of a repository. */
export const repositoryColumns: readonly Column[] = [
  ...columnsOf("bigint", "id owner_id size"),
  ...columnsOf(
    "text",
    "node_id name full_name description homepage language default_branch visibility",
  ),
  ...columnsOf(
    "boolean",
    "private fork archived disabled is_template allow_forking web_commit_signoff_required",
  ),
  ...columnsOf(
    "boolean",
    "has_issues has_projects has_wiki has_pages has_downloads has_discussions",
  ),
  ...columnsOf(
    "boolean",
    "permissions_admin permissions_maintain permissions_push permissions_triage permissions_pull",
  ),
  ...columnsOf(
    "integer",
    "forks forks_count open_issues open_issues_count stargazers_count watchers watchers_count",
  ),
  ...columnsOf("timestamptz", "created_at updated_at pushed_at"),
  ...columnsOf("text", "license_key license_name license_spdx_id license_url license_node_id"),
  ...columnsOf(
    "text",
    "url html_url git_url ssh_url clone_url svn_url mirror_url archive_url assignees_url blobs_url branches_url",
  ),
  ...columnsOf(
    "text",
    "collaborators_url comments_url commits_url compare_url contents_url contributors_url deployments_url",
  ),
  ...columnsOf(
    "text",
    "downloads_url events_url forks_url git_commits_url git_refs_url git_tags_url hooks_url issue_comment_url",
  ),
  ...columnsOf(
    "text",
    "issue_events_url issues_url keys_url labels_url languages_url merges_url milestones_url notifications_url",
  ),
  ...columnsOf(
    "text",
    "pulls_url releases_url stargazers_url statuses_url subscribers_url subscription_url tags_url teams_url",
  ),
  ...columnsOf("text", "trees_url"),
];
