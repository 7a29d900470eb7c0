/**
 * The repositories that GitHub does not show: each gives a warning and no rows, and the
 * other repositories go on. When none can be read, the extract fails: most likely the
 * login lacks a right, and an empty result would look like an organisation without rows.
 */
import { FailTask } from "dagsmith";
import type { Octokit } from "octokit";
import { isRateLimit, isRequestError, type RequestFailure } from "./client.ts";
import type { GithubSource } from "./source.ts";

/** Not allowed, not there, gone (issues that are off), closed by law. */
const REFUSALS = [403, 404, 410, 451];
/** What a login without the right gets. */
const WITHOUT_RIGHT = [403, 404];

/**
 * Whether repositories that cannot be read are skipped: of all repositories of an
 * organisation, some may be.
 */
function skipsUnreadable(source: GithubSource): boolean {
  const { unreadable } = source as { readonly unreadable?: "fail" | "skip" };
  return (unreadable ?? (source.repo === "all" ? "skip" : "fail")) === "skip";
}

/** Counts which repositories could be read. */
export class Readability {
  readonly #octokit: Octokit;
  readonly #source: GithubSource;
  #read = 0;
  #refusal: RequestFailure | undefined;

  constructor(octokit: Octokit, source: GithubSource) {
    this.#octokit = octokit;
    this.#source = source;
  }

  /** The pages; none, and a warning, when already the first is refused. */
  async *pages<Page>(repository: string, pages: AsyncIterable<Page>): AsyncGenerator<Page> {
    let isFirst = true;
    try {
      for await (const page of pages) {
        isFirst = false;
        yield page;
      }
    } catch (error) {
      const refusal = refusalOf(error);
      if (!isFirst || !refusal || !skipsUnreadable(this.#source)) throw error;
      return this.#skip(repository, refusal);
    }
    this.#read += 1;
  }

  #skip(repository: string, refusal: RequestFailure): void {
    if (WITHOUT_RIGHT.includes(refusal.status)) this.#refusal ??= refusal;
    else this.#read += 1;
    this.#octokit.log.warn(
      `${repository} has no rows in this extract: ${refusal.message} (unreadable: "fail" makes this an error)`,
    );
  }

  /** @throws FailTask when there were repositories, and not one could be read */
  failIfNone(): void {
    if (this.#read > 0 || this.#refusal === undefined) return;
    const { object, org } = this.#source;
    throw new FailTask(
      `Extract of ${object} failed. No repository of ${org} can be read; give the login the right to read ${object}. ${this.#refusal.message}`,
      { cause: this.#refusal },
    );
  }
}

/** What GitHub answered, when it is a refusal of one repository. */
function refusalOf(error: unknown): RequestFailure | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!isRequestError(cause) || !REFUSALS.includes(cause.status)) return undefined;
  return isRateLimit(cause) ? undefined : cause;
}
