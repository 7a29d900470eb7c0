/**
 * The answers of the simulated GitHub: status, headers, body. Pure; the server around it
 * only counts and writes.
 */
import { createHash } from "node:crypto";
import { commitComments, commits, issueComments, pullRequests } from "./github_activity.ts";
import { contributors, forks, stars, teams } from "./github_community.ts";
import {
  type GithubJson,
  issues,
  members,
  organization,
  organizations,
  repository,
} from "./github_data.ts";
import { releases, workflowRuns } from "./github_releases.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A GET: its address under the root, and the two headers that matter. */
export interface Question {
  readonly url: URL;
  readonly authorization: string | undefined;
}

export const notFound: Answer = {
  status: 404,
  headers: {},
  body: { message: "Not Found", status: "404" },
};
const unauthorized: Answer = {
  status: 401,
  headers: {},
  body: { message: "Requires authentication", status: "401" },
};
/** GitHub's answer to many requests in a short time. */
export const secondaryRateLimit: Answer = {
  status: 403,
  headers: { "retry-after": "1" },
  body: {
    message:
      "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
  },
};

type List = (
  root: string,
  org: (typeof organizations)[number],
  repo: string,
) => readonly GithubJson[];

const repositoryLists: Readonly<Record<string, List>> = {
  commits,
  comments: commitComments,
  contributors,
  forks,
  issues,
  "issues/comments": issueComments,
  pulls: pullRequests,
  releases,
  stargazers: stars,
};

/** The answer to a GET. Its links have the root of the request. */
export function answer({ url, authorization }: Question): Answer {
  const root = url.origin;
  // No name of this server needs percent-encoding, so the raw path is compared.
  const [area, login, ...rest] = url.pathname.slice(1).split("/");
  if (url.pathname === "/user/orgs") {
    return authorization === undefined
      ? unauthorized
      : page(
          url,
          organizations.map((org) => organization(root, org)),
        );
  }
  const org = organizations.find((candidate) => candidate.login === login);
  if (org === undefined) return notFound;
  if (area === "orgs") return organizationAnswer(url, org, rest.join("/"));
  const [repo = "", ...list] = rest;
  if (area !== "repos" || !Object.hasOwn(org.repositories, repo)) return notFound;
  if (list.length === 0) return { status: 200, headers: {}, body: repository(root, org, repo) };
  if (list.join("/") === "actions/runs") return runsPage(url, workflowRuns(root, org, repo));
  const items = Object.hasOwn(repositoryLists, list.join("/"))
    ? repositoryLists[list.join("/")]?.(root, org, repo)
    : undefined;
  return items === undefined ? notFound : page(url, inState(url, sorted(url, items)));
}

/** GitHub puts this list into an object, and counts all runs there. */
function runsPage(url: URL, runs: readonly GithubJson[]): Answer {
  const { body, ...rest } = page(url, runs);
  return { ...rest, body: { total_count: runs.length, workflow_runs: body } };
}

function organizationAnswer(url: URL, org: (typeof organizations)[number], path: string): Answer {
  const root = url.origin;
  if (path === "") return { status: 200, headers: {}, body: organization(root, org) };
  if (path === "members") return page(url, members(root, org));
  if (path === "teams") return page(url, teams(root, org));
  if (path === "repos")
    return page(
      url,
      Object.keys(org.repositories).map((name) => repository(root, org, name)),
    );
  return notFound;
}

/** Only issues and pull requests have a state. GitHub lists the open ones by default. */
function inState(url: URL, items: readonly GithubJson[]): readonly GithubJson[] {
  const state = url.searchParams.get("state") ?? "open";
  return state === "all"
    ? items
    : items.filter((item) => item.state === undefined || item.state === state);
}

/**
 * Lists with a state are newest first, unless the request says `direction=asc`; the forks
 * are, unless it says `sort=oldest`.
 */
function sorted(url: URL, items: readonly GithubJson[]): readonly GithubJson[] {
  if (url.searchParams.get("sort") === "oldest") return items.toReversed();
  const newestFirst = items[0]?.state !== undefined && url.searchParams.get("direction") !== "asc";
  return newestFirst ? items.toReversed() : items;
}

/**
 * One page of a list, with GitHub's Link header: at most 100 on a page, 30 by default.
 */
export function page(url: URL, items: readonly GithubJson[]): Answer {
  const size = clamp(Number(url.searchParams.get("per_page") ?? 30), 1, 100);
  const last = Math.max(1, Math.ceil(items.length / size));
  const current = clamp(Number(url.searchParams.get("page") ?? 1), 1, Number.MAX_SAFE_INTEGER);
  const link = (to: number, rel: string): string => {
    const target = new URL(url);
    target.searchParams.set("page", String(to));
    return `<${target}>; rel="${rel}"`;
  };
  const links = [
    ...(current > 1 ? [link(current - 1, "prev"), link(1, "first")] : []),
    ...(current < last ? [link(current + 1, "next"), link(last, "last")] : []),
  ];
  const body = items.slice((current - 1) * size, current * size);
  return { status: 200, headers: links.length > 0 ? { link: links.join(", ") } : {}, body };
}

function clamp(value: number, low: number, high: number): number {
  return Number.isInteger(value) ? Math.min(high, Math.max(low, value)) : low;
}

/** The ETag of a body. */
export function etagOf(text: string): string {
  return `"${createHash("sha256").update(text).digest("hex")}"`;
}
