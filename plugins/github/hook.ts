/** The GitHub hook. */
import { defineHook } from "dagsmith";
import type { Octokit } from "octokit";
import { openGithub } from "./client.ts";
import { githubConnection } from "./connection.ts";

/**
 * An Octokit (REST, GraphQL, pagination) of a connection of type `github`: token in
 * `password` or `extra.token` (or login and password); or a GitHub App by `extra.app_id`,
 * `extra.installation_id` and `extra.private_key`. Address in `host` or `extra.base_url`,
 * default https://api.github.com.
 *
 * Rate limits are waited out as GitHub asks, up to 3 times a request, with a warning in
 * the log. 5xx answers and incomplete bodies are requested again up to 3 times within 3
 * s, unless that could write twice. Errors are Octokit's RequestError; their message
 * names method, path and status. Those of 400, 401, 403, 410, 422 and 451 are not retried
 * by the task (`retryable`).
 * @example
 * const github = await hook(githubHook("github"));
 * const { data } = await github.rest.repos.get({ owner: "octocat", repo: "hello" });
 */
export const githubHook = defineHook<Octokit>({
  types: githubConnection.ids,
  open: (connection, context) => openGithub(githubConnection.read(connection), context),
});
