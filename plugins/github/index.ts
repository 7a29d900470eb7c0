/**
 * dagsmith/plugins/github: a configured Octokit, and the extract of an organisation's
 * objects to S3.
 */
import type { ConnectionType } from "dagsmith";
import { githubConnection } from "./connection.ts";

export { githubColumns } from "./columns.ts";
export type { GithubRecord } from "./flatten.ts";
export { githubHook } from "./hook.ts";
export type {
  GithubObject,
  GithubPayload,
  OrganizationObject,
  RepositoryObject,
} from "./objects.ts";
export { githubPages, githubRecords } from "./records.ts";
export type { Column, ColumnType } from "./shared_columns.ts";
export type { GithubSource } from "./source.ts";
export { type GithubToS3Options, type GithubToS3Result, githubToS3 } from "./to_s3.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [githubConnection];
