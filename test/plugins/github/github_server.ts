/**
 * A GitHub for tests: lists of the test's own, paged and linked as GitHub does it, with
 * faults where the test wants them.
 */
import type { ServerResponse } from "node:http";
import type { TaskContext } from "dagsmith";
import {
  type GithubRecord,
  type GithubSource,
  githubHook,
  githubRecords,
} from "dagsmith/plugins/github";
import { type RunTaskOptions, runTask, type TaskRun } from "dagsmith/testing";
import { page } from "../../../runtime/sandbox/github_answers.ts";
import {
  type Loopback,
  loopback,
  sendCut,
  sendCutUnannounced,
  sendJson,
} from "../../support/loopback.ts";

export type Item = Readonly<Record<string, unknown>>;
export type Fault =
  | "cut"
  | "cut unannounced"
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly message?: string;
    };

/**
 * @param fault what to answer instead, by the number of the request (from 1) and its
 *   address
 */
export function serveGithub(
  lists: Readonly<Record<string, readonly Item[]>>,
  fault: (count: number, url: URL) => Fault | undefined = () => undefined,
): Promise<Loopback> {
  return loopback((request, response, count) => {
    const url = new URL(
      request.url.pathname + request.url.search,
      `http://${request.headers.host}`,
    );
    const list = lists[url.pathname];
    const answer = list
      ? wrapped(url, page(url, list))
      : { status: 404, headers: {}, body: { message: "Not Found" } };
    send(response, answer, fault(count, url));
  });
}

/** GitHub puts the list of workflow runs into an object. */
function wrapped(url: URL, answer: ReturnType<typeof page>): ReturnType<typeof page> {
  if (!url.pathname.endsWith("/actions/runs")) return answer;
  return { ...answer, body: { total_count: 0, workflow_runs: answer.body } };
}

function send(
  response: ServerResponse,
  { status, headers, body }: ReturnType<typeof page>,
  fault: Fault | undefined,
): void {
  if (fault === "cut") sendCut(response, body, headers);
  else if (fault === "cut unannounced") sendCutUnannounced(response, body, headers);
  else if (fault)
    sendJson(response, fault.status, { message: fault.message ?? "no" }, fault.headers);
  else sendJson(response, status, body, headers);
}

/** `count` items with the ids 1, 2, … */
export const items = (count: number): readonly Item[] =>
  Array.from({ length: count }, (_, n) => ({ id: n + 1 }));

/** Runs an extract as a task; its output is the rows. */
export function extract(
  server: Loopback,
  source: GithubSource,
  options: RunTaskOptions = {},
): Promise<TaskRun<GithubRecord[]>> {
  const body = async ({ hook }: TaskContext): Promise<GithubRecord[]> => {
    const rows: GithubRecord[] = [];
    for await (const row of githubRecords(await hook(githubHook("github")), source)) rows.push(row);
    return rows;
  };
  return runTask(body, {
    connections: { github: { type: "github", host: server.url, password: TOKEN } },
    ...options,
  });
}

/** Must be found in no message and no log line. */
export const TOKEN = "ghp_Very5ecret";
