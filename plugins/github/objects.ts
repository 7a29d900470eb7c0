/**
 * The objects of GitHub that can be extracted: the path of each list, and which of its
 * sub-objects are reduced to one field. To add an object, add a row here and its columns
 * in columns.ts.
 */
import { DagsmithError } from "dagsmith";

/** Query parameters. */
export type GithubPayload = Readonly<Record<string, string | number | boolean>>;

interface ObjectDefinition {
  /**
   * Listed once for each repository, once for the organisation, or once for the account
   * of the token.
   */
  readonly per: "repository" | "organization" | "account";
  readonly path: string;
  /**
   * Sub-object to the one field kept of it, which becomes `sub_field`; null keeps none.
   */
  readonly keep: Readonly<Record<string, string | null>>;
  /** Query parameters that are sent unless the payload sets them. */
  readonly query: GithubPayload;
}

/**
 * Oldest first, so that objects created while the pages are read come on the last page
 * and shift no other.
 */
const OLDEST_FIRST = { sort: "created", direction: "asc" } as const;

export const githubObjects = {
  commits: {
    per: "repository",
    path: "commits",
    keep: { author: "id", committer: "id" },
    query: {},
  },
  commit_comments: { per: "repository", path: "comments", keep: { user: "id" }, query: {} },
  issue_comments: {
    per: "repository",
    path: "issues/comments",
    keep: { user: "id" },
    query: OLDEST_FIRST,
  },
  issues: {
    per: "repository",
    path: "issues",
    keep: { labels: null, milestone: "id", assignee: "id", user: "id", closed_by: "id" },
    query: { state: "all", ...OLDEST_FIRST },
  },
  pull_requests: {
    per: "repository",
    path: "pulls",
    keep: { assignee: "id", milestone: "id", user: "id", head: "label", base: "label" },
    query: { state: "all", ...OLDEST_FIRST },
  },
  repositories: { per: "organization", path: "repos", keep: { owner: "id" }, query: OLDEST_FIRST },
  members: { per: "organization", path: "members", keep: {}, query: {} },
  organizations: { per: "account", path: "user/orgs", keep: {}, query: {} },
} as const satisfies Readonly<Record<string, ObjectDefinition>>;

type ObjectsPer<Per> = {
  [Name in keyof typeof githubObjects]: (typeof githubObjects)[Name]["per"] extends Per
    ? Name
    : never;
}[keyof typeof githubObjects];

/** All objects that can be extracted. */
export type GithubObject = keyof typeof githubObjects;
/** Listed repository by repository. */
export type RepositoryObject = ObjectsPer<"repository">;
/** Listed once for an organisation. */
export type OrganizationObject = ObjectsPer<"organization">;

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
       * A repository that answers 404, 410 (its issues are off) or 451: `"skip"` gives no
       * rows and a warning, `"fail"` fails the extract. Default `"skip"` for `repo:
       * "all"`, else `"fail"`.
       */
      readonly unreadable?: "fail" | "skip";
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

/** The definition of an object, with wider types than its constants. */
export function definitionOf(object: GithubObject): ObjectDefinition {
  return githubObjects[object];
}

/**
 * Refuses a source that makes no sense. For callers without a type checker, and for
 * values known only at run time.
 * @throws DagsmithError INVALID_OPTION
 */
export function refuseBadSource(
  where: string,
  source: { readonly object: string; readonly org?: unknown; readonly repo?: unknown },
): void {
  const refuse = (option: string, value: unknown, allowed: string): never => {
    throw new DagsmithError("INVALID_OPTION", {
      where,
      option,
      found: JSON.stringify(value) ?? "missing",
      allowed,
    });
  };
  if (!Object.hasOwn(githubObjects, source.object))
    refuse("object", source.object, Object.keys(githubObjects).join(", "));
  const { per } = definitionOf(source.object as GithubObject);
  const noRepo =
    source.repo === undefined ||
    source.repo === "" ||
    (Array.isArray(source.repo) && source.repo.length === 0);
  if (per === "repository" && noRepo)
    refuse("repo", source.repo, 'a name, a list of names, or "all"');
  if (
    per !== "repository" &&
    source.repo !== undefined &&
    source.repo !== "all" &&
    typeof source.repo !== "function"
  )
    refuse(
      "repo",
      source.repo,
      `"all" or nothing, because ${source.object} is not listed by repository`,
    );
  if (per !== "account" && (source.org === undefined || source.org === ""))
    refuse("org", source.org, "the name of an organisation");
}
