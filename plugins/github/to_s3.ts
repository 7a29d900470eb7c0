/**
 * The transfer GitHub -> S3: pages are streamed as JSON lines, so memory holds one page
 * however large the organisation is.
 */
import { type FromContext, resolveField, type TaskBody, type TaskContext } from "dagsmith";
import { s3Hook } from "dagsmith/plugins/aws";
import type { GithubRecord } from "./flatten.ts";
import { githubHook } from "./hook.ts";
import { githubPages } from "./records.ts";
import { type GithubSource, refuseBadSource } from "./source.ts";

/**
 * Each field but `object`, `pullRequests` and `unreadable` may also be a function of the
 * context.
 */
type FromContextFields<Source, Context extends TaskContext> = {
  readonly [Name in keyof Source]: Name extends "object" | "pullRequests" | "unreadable"
    ? Source[Name]
    : FromContext<Source[Name], Context>;
};

/** What to extract ({@link GithubSource}) and where to write it. */
export type GithubToS3Options<Context extends TaskContext = TaskContext> = FromContextFields<
  GithubSource,
  Context
> & {
  /** Id of a connection of type `github`. */
  readonly github: string;
  /** Id of a connection of type `aws`. */
  readonly s3: string;
  readonly bucket: FromContext<string, Context>;
  readonly key: FromContext<string, Context>;
};

/** What was written. */
export interface GithubToS3Result {
  readonly records: number;
  /** Pages of GitHub that were read for the rows, empty ones included. */
  readonly pages: number;
  readonly bytes: number;
  readonly bucket: string;
  readonly key: string;
}

/**
 * Writes every row of a GitHub object into one S3 object, a JSON object a line; an
 * existing S3 object is replaced. Rows are flat: sub-objects become `user_id` and the
 * like, see {@link githubColumns}. A page that cannot be read fails the task, and then
 * nothing is written.
 * @throws DagsmithError INVALID_OPTION, at once, for an unknown object or a source that
 *   makes no sense
 * @example
 * const source = { github: "github", org: "octocat", repo: "all", object: "issues" } as const;
 * d.task("issues", githubToS3({ ...source, s3: "s3", bucket: "lake", key: "issues.json" }));
 */
export function githubToS3<Context extends TaskContext>(
  options: GithubToS3Options<Context>,
): TaskBody<GithubToS3Result, Context> {
  refuseBadSource("githubToS3", options);
  return async function githubToS3(context) {
    const { bucket, key, ...source } = await resolved(options, context);
    const octokit = await context.hook(githubHook(options.github));
    const s3 = await context.hook(s3Hook(options.s3));
    const count = { records: 0, pages: 0 };
    const lines = jsonLines(githubPages(octokit, source as GithubSource), count);
    const { bytes } = await s3.putStream(bucket, key, lines, {
      contentType: "application/x-ndjson",
    });
    context.log.info(
      `wrote ${count.records} ${options.object} from ${count.pages} pages, ${bytes} bytes, to s3://${bucket}/${key}`,
    );
    return { ...count, bytes, bucket, key };
  };
}

async function resolved<Context extends TaskContext>(
  { github: _, s3: __, ...fields }: GithubToS3Options<Context>,
  context: Context,
) {
  const values = Object.entries(fields).map(async ([name, field]) => [
    name,
    await resolveField(field as FromContext<unknown, Context>, context),
  ]);
  return Object.fromEntries(await Promise.all(values)) as { bucket: string; key: string };
}

async function* jsonLines(
  pages: AsyncIterable<readonly GithubRecord[]>,
  count: { records: number; pages: number },
): AsyncGenerator<string> {
  for await (const page of pages) {
    count.pages += 1;
    count.records += page.length;
    if (page.length > 0) yield `${page.map((record) => JSON.stringify(record)).join("\n")}\n`;
  }
}
