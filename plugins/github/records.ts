/**
 * The source of an extract: the rows of one kind of object, page after page, complete or
 * with an error. It holds one page at a time.
 */
import { FailTask, type Json } from "dagsmith";
import type { Octokit } from "octokit";
import { isRateLimit, isRequestError, LASTING } from "./client.ts";
import { type GithubRecord, toRecord } from "./flatten.ts";
import {
  definitionOf,
  type GithubObject,
  type GithubPayload,
  type GithubSource,
  refuseBadSource,
} from "./objects.ts";

type Item = Readonly<Record<string, Json>>;

const PER_PAGE = 100;
/**
 * The rows of a source, flat.
 * @throws FailTask for an error that no retry can help (401, 404 and others), Error when
 *   retries did not help: never fewer rows without an error
 * @example
 * const source = { object: "issues", org: "octocat", repo: "all" } as const;
 * for await (const issue of githubRecords(octokit, source)) console.log(issue);
 */
export async function* githubRecords(
  octokit: Octokit,
  source: GithubSource,
): AsyncGenerator<GithubRecord> {
  for await (const page of githubPages(octokit, source)) yield* page;
}

/** The same rows, a page of GitHub at a time (a page without rows included). */
export async function* githubPages(
  octokit: Octokit,
  source: GithubSource,
): AsyncGenerator<readonly GithubRecord[]> {
  refuseBadSource("githubRecords", source);
  const { keep, query } = definitionOf(source.object);
  const dropPullRequests = "pullRequests" in source && source.pullRequests === "drop";
  for await (const path of paths(octokit, source)) {
    const pages = listPages(octokit, source.object, path, { ...query, ...source.payload });
    for await (const items of skipsUnreadable(source) ? readable(octokit, pages) : pages) {
      const wanted = dropPullRequests ? items.filter((item) => !item.pull_request) : items;
      yield wanted.map((item) => toRecord(item, keep));
    }
  }
}

/**
 * The lists to read: one for the organisation or the account, or one for each repository.
 */
async function* paths(octokit: Octokit, source: GithubSource): AsyncGenerator<string> {
  const { per, path } = definitionOf(source.object);
  if (per === "account") return yield `/${path}`;
  const org = encodeURIComponent(source.org ?? "");
  if (per === "organization") return yield `/orgs/${org}/${path}`;
  for await (const repo of repositories(octokit, org, source))
    yield `/repos/${org}/${encodeURIComponent(repo)}/${path}`;
}

async function* repositories(
  octokit: Octokit,
  org: string,
  { object, repo }: GithubSource,
): AsyncGenerator<string> {
  if (repo !== "all") return yield* [repo ?? []].flat();
  for await (const page of listPages(
    octokit,
    object,
    `/orgs/${org}/repos`,
    definitionOf("repositories").query,
  )) {
    for (const { name } of page) yield String(name);
  }
}

/**
 * Of all repositories of an organisation, some may be gone, closed by law, or without
 * issues.
 */
function skipsUnreadable(source: GithubSource): boolean {
  if (definitionOf(source.object).per !== "repository") return false;
  const { unreadable } = source as { readonly unreadable?: "fail" | "skip" };
  return (unreadable ?? (source.repo === "all" ? "skip" : "fail")) === "skip";
}

const UNREADABLE = [404, 410, 451];

/** The pages; none, and a warning, when already the first cannot be read. */
async function* readable(
  octokit: Octokit,
  pages: AsyncIterable<readonly Item[]>,
): AsyncGenerator<readonly Item[]> {
  let isFirst = true;
  try {
    for await (const page of pages) {
      isFirst = false;
      yield page;
    }
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!isFirst || !isRequestError(cause) || !UNREADABLE.includes(cause.status)) throw error;
    octokit.log.warn(
      `${cause.message}; the repository has no rows (unreadable: "fail" refuses it)`,
    );
  }
}

/** Follows the Link header to its end; the number of items on a page means nothing. */
async function* listPages(
  octokit: Octokit,
  object: GithubObject,
  path: string,
  query: GithubPayload,
): AsyncGenerator<readonly Item[]> {
  const parameters = Object.entries({ per_page: PER_PAGE, ...query }).map(([name, value]) => [
    name,
    String(value),
  ]);
  let url: string | undefined = `${path}?${new URLSearchParams(parameters)}`;
  while (url !== undefined) {
    const { data, link } = await requestPage(octokit, object, url);
    if (!Array.isArray(data))
      throw new Error(
        `GitHub ${object}: GET ${path} answered 200 with something that is not a list`,
      );
    yield data;
    url = nextUrl(octokit, link);
  }
}

async function requestPage(
  octokit: Octokit,
  object: GithubObject,
  url: string,
): Promise<{ data: unknown; link: string | undefined }> {
  try {
    const { data, headers } = await octokit.request(`GET ${url}`);
    return { data, link: headers.link };
  } catch (error) {
    if (isEmptyRepository(object, error)) return { data: [], link: undefined };
    throw extractError(object, error);
  }
}

/** GitHub answers 409 for the commits of a repository that has none. */
function isEmptyRepository(object: GithubObject, error: unknown): boolean {
  return (
    object === "commits" &&
    isRequestError(error) &&
    error.status === 409 &&
    /repository is empty/i.test(error.message)
  );
}

function extractError(object: GithubObject, error: unknown): unknown {
  if (!isRequestError(error)) return error;
  const message = `Extract of ${object} failed. ${error.message}`;
  return LASTING.includes(error.status) && !isRateLimit(error)
    ? new FailTask(message, { cause: error })
    : new Error(message, { cause: error });
}

/**
 * The next page is requested from the host of the connection: behind a proxy, GitHub's
 * own link would bypass it.
 */
function nextUrl(octokit: Octokit, link: string | undefined): string | undefined {
  const next = /<([^<>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
  if (next === undefined) return undefined;
  const { pathname, search } = new URL(next);
  return new URL(octokit.request.endpoint.DEFAULTS.baseUrl).origin + pathname + search;
}
