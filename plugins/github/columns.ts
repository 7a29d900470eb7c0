/**
 * The columns of GitHub's lists after flattening, for loads: a load reads rows by column
 * name, leaves a missing column NULL and ignores keys that are no column. Ids are bigint,
 * because issue ids exceed 32 bits, and because a join of ids needs one type. GitHub REST
 * API, version 2022-11-28.
 */
import type { GithubObject } from "./objects.ts";

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
function columnsOf(type: ColumnType, names: string): readonly Column[] {
  return names.split(" ").map((name) => ({ name, type }));
}

/**
 * The columns of each object.
 * @example s3ToRedshift({ columns: githubColumns.issues, … })
 */
export const githubColumns: Readonly<Record<GithubObject, readonly Column[]>> = {
  commits: [
    ...columnsOf("text", "sha node_id url html_url comments_url"),
    ...columnsOf("bigint", "author_id committer_id"),
    ...columnsOf("text", "commit_message commit_url commit_tree_sha commit_tree_url"),
    ...columnsOf(
      "text",
      "commit_author_name commit_author_email commit_committer_name commit_committer_email",
    ),
    ...columnsOf("timestamptz", "commit_author_date commit_committer_date"),
    ...columnsOf("integer", "commit_comment_count"),
    ...columnsOf("boolean", "commit_verification_verified"),
    ...columnsOf(
      "text",
      "commit_verification_reason commit_verification_signature commit_verification_payload",
    ),
    ...columnsOf(
      "text",
      "parents_0_sha parents_0_url parents_0_html_url parents_1_sha parents_1_url parents_1_html_url",
    ),
  ],
  commit_comments: [
    ...columnsOf("bigint", "id user_id"),
    ...columnsOf("text", "node_id body path commit_id author_association url html_url"),
    ...columnsOf("integer", "position line"),
    ...columnsOf("timestamptz", "created_at updated_at"),
  ],
  issue_comments: [
    ...columnsOf("bigint", "id user_id"),
    ...columnsOf("text", "node_id body author_association url html_url issue_url"),
    ...columnsOf("timestamptz", "created_at updated_at"),
  ],
  issues: [
    ...columnsOf("bigint", "id user_id assignee_id milestone_id closed_by_id"),
    ...columnsOf("integer", "number comments"),
    ...columnsOf("boolean", "locked draft"),
    ...columnsOf(
      "text",
      "node_id title body state state_reason active_lock_reason author_association",
    ),
    ...columnsOf("timestamptz", "created_at updated_at closed_at"),
    ...columnsOf(
      "text",
      "url html_url repository_url labels_url comments_url events_url timeline_url",
    ),
    ...columnsOf("text", "pull_request_url pull_request_html_url"),
    ...columnsOf("timestamptz", "pull_request_merged_at"),
  ],
  members: [
    ...columnsOf("bigint", "id"),
    ...columnsOf("boolean", "site_admin"),
    ...columnsOf("text", "login node_id type user_view_type gravatar_id avatar_url url html_url"),
    ...columnsOf(
      "text",
      "followers_url following_url gists_url starred_url subscriptions_url organizations_url repos_url events_url",
    ),
    ...columnsOf("text", "received_events_url"),
  ],
  organizations: [
    ...columnsOf("bigint", "id"),
    ...columnsOf(
      "text",
      "login node_id description avatar_url url repos_url events_url hooks_url issues_url members_url",
    ),
    ...columnsOf("text", "public_members_url"),
  ],
  pull_requests: [
    ...columnsOf("bigint", "id user_id assignee_id milestone_id"),
    ...columnsOf("integer", "number"),
    ...columnsOf("boolean", "locked draft"),
    ...columnsOf(
      "text",
      "node_id title body state active_lock_reason author_association merge_commit_sha head_label base_label",
    ),
    ...columnsOf("timestamptz", "created_at updated_at closed_at merged_at"),
    ...columnsOf(
      "text",
      "url html_url diff_url patch_url issue_url commits_url comments_url statuses_url",
    ),
    ...columnsOf("text", "review_comments_url review_comment_url"),
    ...columnsOf(
      "text",
      "_links_self_href _links_html_href _links_issue_href _links_comments_href _links_commits_href",
    ),
    ...columnsOf(
      "text",
      "_links_statuses_href _links_review_comments_href _links_review_comment_href",
    ),
  ],
  repositories: [
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
  ],
};
