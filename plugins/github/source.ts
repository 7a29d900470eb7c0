/** Which objects an extract reads, and the checks of that. */
import { DagsmithError, type DataInterval } from "dagsmith";
import {
  definitionOf,
  type GithubObject,
  type GithubPayload,
  githubObjects,
  type OrganizationObject,
  type RepositoryObject,
} from "./objects.ts";

interface SourceFields {
  /**
   * More query parameters. They replace the defaults: `per_page` 100, and `state: "all"`
   * for issues and pull requests.
   */
  readonly payload?: GithubPayload;
}

/** Which objects to extract. */
export type GithubSource =
  | (SourceFields & {
      readonly object: RepositoryObject;
      readonly org: string;
      /**
       * A name, several names, or `"all"` of the organisation, whose list is read first.
       */
      readonly repo: string | readonly string[];
      /**
       * Only for issues: GitHub counts each pull request as an issue too, and so does the
       * default `"keep"`; `"drop"` leaves them out.
       */
      readonly pullRequests?: "keep" | "drop";
      /**
       * A repository that answers 403, 404, 410 (its issues are off) or 451: `"skip"`
       * gives no rows and a warning, `"fail"` fails the extract. Default `"skip"` for
       * `repo: "all"`, else `"fail"`. When no repository can be read for 403 or 404, the
       * extract fails.
       */
      readonly unreadable?: "fail" | "skip";
      /**
       * Only rows of this time, its end excluded: by `updated_at` for issues, pull
       * requests and comments, by the committer's date for commits, `starred_at` for
       * stars, `published_at` for releases, `created_at` for forks and workflow runs.
       * Contributors have no time. Default: all rows.
       * @example
       * interval: ({ dataInterval }) => dataInterval
       */
      readonly interval?: DataInterval;
    })
  | (SourceFields & {
      readonly object: OrganizationObject;
      readonly org: string;
      readonly repo?: "all";
    })
  | (SourceFields & {
      /** The organisations that the connection's account belongs to. */
      readonly object: "organizations";
      readonly org?: string;
      readonly repo?: "all";
    });

/** A source whose values are not checked yet, or functions of the context. */
interface UncheckedSource {
  readonly object: string;
  readonly org?: unknown;
  readonly repo?: unknown;
  readonly interval?: unknown;
}

/**
 * Refuses a source that makes no sense. For callers without a type checker, and for
 * values known only at run time.
 * @throws DagsmithError INVALID_OPTION
 */
export function refuseBadSource(where: string, source: UncheckedSource): void {
  const bad = badObject(source) ?? badRepo(source) ?? badOrg(source) ?? badInterval(source);
  if (bad) throw new DagsmithError("INVALID_OPTION", { where, ...bad });
}

/** What is wrong with an option, as the error INVALID_OPTION says it. */
interface BadOption {
  readonly option: string;
  readonly found: string;
  readonly allowed: string;
}

function bad(option: string, value: unknown, allowed: string): BadOption {
  return { option, found: JSON.stringify(value) ?? "missing", allowed };
}

function badObject({ object }: UncheckedSource): BadOption | undefined {
  if (Object.hasOwn(githubObjects, object)) return undefined;
  return bad("object", object, Object.keys(githubObjects).join(", "));
}

function badRepo({ object, repo }: UncheckedSource): BadOption | undefined {
  if (definitionOf(object as GithubObject).per === "repository")
    return isNothing(repo) || (Array.isArray(repo) && repo.length === 0)
      ? bad("repo", repo, 'a name, a list of names, or "all"')
      : undefined;
  if (repo === undefined || repo === "all" || typeof repo === "function") return undefined;
  return bad("repo", repo, `"all" or nothing, because ${object} is not listed by repository`);
}

function badOrg({ object, org }: UncheckedSource): BadOption | undefined {
  if (definitionOf(object as GithubObject).per === "account" || !isNothing(org)) return undefined;
  return bad("org", org, "the name of an organisation");
}

const isNothing = (value: unknown): boolean => value === undefined || value === "";

/** An empty interval has no rows: it is most likely that of a DAG without a schedule. */
function badInterval({ object, interval }: UncheckedSource): BadOption | undefined {
  if (interval === undefined) return undefined;
  if (!definitionOf(object as GithubObject).interval)
    return bad("interval", object, `nothing, because GitHub gives ${object} no time`);
  if (typeof interval === "function") return undefined;
  const { start, end } = interval as DataInterval;
  if (start < end) return undefined;
  return bad(
    "interval",
    `${start.toISO()}/${end.toISO()}`,
    "an interval that ends after its start",
  );
}
