/** The pages of one list of GitHub, complete or with an error. */
import { FailTask, type Json } from "dagsmith";
import type { Octokit } from "octokit";
import { isRateLimit, isRequestError, LASTING } from "./client.ts";
import { definitionOf, type GithubObject, type GithubPayload } from "./objects.ts";

/** An object as GitHub answers it. */
export type Item = Readonly<Record<string, Json>>;

/** One list of GitHub. */
export interface GithubList {
  /** What the lists are read for: named in errors. */
  readonly object: GithubObject;
  readonly path: string;
  readonly query: GithubPayload;
  readonly accept?: string | undefined;
  /** The field of the answer that has the list; without one, the answer is the list. */
  readonly list?: string | undefined;
}

const PER_PAGE = 100;

/** Follows the Link header to its end; the number of items on a page means nothing. */
export async function* listPages(
  octokit: Octokit,
  list: GithubList,
): AsyncGenerator<readonly Item[]> {
  const parameters = Object.entries({ per_page: PER_PAGE, ...list.query }).map(([name, value]) => [
    name,
    String(value),
  ]);
  let url: string | undefined = `${list.path}?${new URLSearchParams(parameters)}`;
  while (url !== undefined) {
    const { items, link } = await requestPage(octokit, list, url);
    yield items;
    url = nextUrl(octokit, link);
  }
}

interface Page {
  readonly items: readonly Item[];
  readonly link?: string | undefined;
}

async function requestPage(octokit: Octokit, list: GithubList, url: string): Promise<Page> {
  const headers = list.accept === undefined ? {} : { accept: list.accept };
  try {
    const { status, data, headers: answered } = await octokit.request(`GET ${url}`, { headers });
    return { items: status === NO_CONTENT ? [] : itemsOf(list, data), link: answered.link };
  } catch (error) {
    if (isEmptyRepository(list.object, error)) return { items: [] };
    throw extractError(list.object, error);
  }
}

/** GitHub's answer for the contributors of a repository without commits. */
const NO_CONTENT = 204;

function itemsOf({ object, path, list }: GithubList, data: unknown): readonly Item[] {
  const items = list === undefined ? data : (data as Item | null)?.[list];
  if (Array.isArray(items)) return items;
  throw new Error(`GitHub ${object}: GET ${path} answered 200 with something that is not a list`);
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

/** The repositories of an organisation, a page at a time; `object` is named in errors. */
export async function* repositoryPages(
  octokit: Octokit,
  org: string,
  object: GithubObject,
): AsyncGenerator<readonly string[]> {
  const { query } = definitionOf("repositories");
  for await (const page of listPages(octokit, { object, path: `/orgs/${org}/repos`, query }))
    yield page.map(({ name }) => String(name));
}
