/**
 * The columns of GitHub's lists after flattening, for loads: a load reads rows by column
 * name, leaves a missing column NULL and ignores keys that are no column. Ids are bigint,
 * because issue ids exceed 32 bits, and because a join of ids needs one type. GitHub REST
 * API, version 2022-11-28.
 */
import type { GithubObject } from "./objects.ts";

import { accountColumns, type Column, columnsOf, repositoryColumns } from "./shared_columns.ts";

/** The repository of a row that GitHub lists without it. */
const NAMED = columnsOf("text", "repository_full_name");

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
  contributors: [...accountColumns, ...columnsOf("integer", "contributions"), ...NAMED],
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
  members: accountColumns,
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
  forks: [...repositoryColumns, ...NAMED],
  releases: [
    ...columnsOf("bigint", "id author_id"),
    ...columnsOf("text", "node_id tag_name target_commitish name body"),
    ...columnsOf("boolean", "draft prerelease immutable"),
    ...columnsOf("timestamptz", "created_at updated_at published_at"),
    ...columnsOf("text", "url html_url assets_url upload_url tarball_url zipball_url"),
    ...NAMED,
  ],
  repositories: repositoryColumns,
  stars: [...columnsOf("bigint", "user_id"), ...columnsOf("timestamptz", "starred_at"), ...NAMED],
  teams: [
    ...columnsOf("bigint", "id parent_id"),
    ...columnsOf("text", "node_id name slug description privacy notification_setting permission"),
    ...columnsOf("text", "url html_url members_url repositories_url"),
    ...columnsOf(
      "boolean",
      "permissions_admin permissions_maintain permissions_push permissions_triage permissions_pull",
    ),
  ],
  workflow_runs: [
    ...columnsOf("bigint", "id workflow_id check_suite_id actor_id triggering_actor_id"),
    ...columnsOf("integer", "run_number run_attempt"),
    ...columnsOf("text", "node_id check_suite_node_id name display_title path event"),
    ...columnsOf("text", "status conclusion head_branch head_sha"),
    ...columnsOf("timestamptz", "created_at updated_at run_started_at"),
    ...columnsOf("text", "url html_url jobs_url logs_url check_suite_url artifacts_url"),
    ...columnsOf("text", "cancel_url rerun_url previous_attempt_url workflow_url"),
    ...columnsOf("text", "head_repository_full_name"),
    ...NAMED,
  ],
};
