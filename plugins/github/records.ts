/**
 * The source of an extract: the rows of one kind of object, page after page, complete or
 * with an error. It holds one page at a time.
 */
import type { Octokit } from "octokit";
import { type GithubRecord, toRecord } from "./flatten.ts";
import { endsBefore, intervalQuery, isWithin } from "./interval.ts";
import { definitionOf } from "./objects.ts";
import { type GithubList, type Item, listPages, repositoryPages } from "./pages.ts";
import { type GithubSource, refuseBadSource } from "./source.ts";
import { Readability } from "./unreadable.ts";

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
  if (definitionOf(source.object).per !== "repository")
    return yield* rowPages(source, listPages(octokit, listOf(source, pathOf(source))));
  const readability = new Readability(octokit, source);
  for await (const repo of repositories(octokit, source)) {
    const path = `/repos/${part(source.org)}/${part(repo)}/${definitionOf(source.object).path}`;
    const pages = rowPages(source, listPages(octokit, listOf(source, path)), repo);
    yield* readability.pages(`${source.org}/${repo}`, pages);
  }
  readability.failIfNone();
}

function listOf(source: GithubSource, path: string): GithubList {
  const { query, interval: rule, accept, list } = definitionOf(source.object);
  const within = intervalOf(source);
  const narrowed = rule && within ? intervalQuery(rule, within) : {};
  return {
    ...{ object: source.object, path, accept, list },
    query: { ...query, ...source.payload, ...narrowed },
  };
}

/** The list of an organisation, or of the account. */
function pathOf({ object, org }: GithubSource): string {
  const { per, path } = definitionOf(object);
  return per === "account" ? `/${path}` : `/orgs/${part(org)}/${path}`;
}

const part = (name = ""): string => encodeURIComponent(name);

async function* repositories(
  octokit: Octokit,
  { object, org, repo }: GithubSource,
): AsyncGenerator<string> {
  if (repo !== "all") return yield* [repo ?? []].flat();
  for await (const names of repositoryPages(octokit, part(org), object)) yield* names;
}

/** Ends before the list does when an interval needs no more of it. */
async function* rowPages(
  source: GithubSource,
  pages: AsyncIterable<readonly Item[]>,
  repo?: string,
): AsyncGenerator<readonly GithubRecord[]> {
  const { interval: rule } = definitionOf(source.object);
  const within = intervalOf(source);
  for await (const items of pages) {
    const rows = rowsOf(source, items, repo);
    yield rule && within ? rows.filter((row) => isWithin(rule, within, row)) : rows;
    if (rule && within && endsBefore(rule, within, rows)) return;
  }
}

function rowsOf(
  source: GithubSource,
  items: readonly Item[],
  repo: string | undefined,
): readonly GithubRecord[] {
  const { keep, isNamed } = definitionOf(source.object);
  const name = isNamed ? { repository_full_name: `${source.org}/${repo}` } : {};
  const dropsPulls = "pullRequests" in source && source.pullRequests === "drop";
  return items
    .filter((item) => !(dropsPulls && item.pull_request))
    .map((item) => ({ ...name, ...toRecord(item, keep) }));
}

function intervalOf(source: GithubSource) {
  return "interval" in source ? source.interval : undefined;
}
