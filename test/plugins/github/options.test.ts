/**
 * What the compiler refuses: checked by `tsc`, which fails on an unused @ts-expect-error.
 */
import { dag } from "dagsmith";
import {
  type GithubToS3Result,
  githubColumns,
  githubHook,
  githubToS3,
} from "dagsmith/plugins/github";
import { expect, expectTypeOf, test } from "vitest";
import { graphOf } from "../../../sdk/dag/dag.ts";

const to = { github: "github", s3: "s3", bucket: "lake", key: "k" } as const;

test("one loop may go over objects of a repository and of an organisation", () => {
  const d = dag("github", {});
  for (const object of ["issues", "members"] as const) {
    const ref = d.task(
      `extract_${object}`,
      githubToS3({
        github: "github",
        org: "acme",
        repo: "all",
        object,
        s3: "s3",
        bucket: "lake",
        key: "k",
      }),
    );
    expectTypeOf(ref.output).toEqualTypeOf<GithubToS3Result>();
  }
  expect(graphOf(d).tasks).toHaveLength(2);
});

test("a misspelt object, a repo where there is none, and a missing repo do not compile", () => {
  // @ts-expect-error no such object
  expect(() => githubToS3({ ...to, org: "acme", repo: "all", object: "isues" })).toThrow();
  // @ts-expect-error members are not listed by repository
  expect(() => githubToS3({ ...to, org: "acme", repo: "one", object: "members" })).toThrow();
  // @ts-expect-error issues need a repo
  expect(() => githubToS3({ ...to, org: "acme", object: "issues" })).toThrow();
  // @ts-expect-error members need an organisation
  expect(() => githubToS3({ ...to, object: "members" })).toThrow();
  // @ts-expect-error a misspelt option
  githubToS3({ ...to, org: "acme", object: "members", payloads: {} });
  // @ts-expect-error pull requests can be dropped from issues only
  githubToS3({ ...to, org: "acme", object: "members", pullRequests: "drop" });
});

test("the hook's client is Octokit, with types for its answers", () => {
  const d = dag("stars", {});
  const stars = d.task("count", async ({ hook }) => {
    const github = await hook(githubHook("github"));
    return (await github.rest.repos.get({ owner: "a", repo: "b" })).data.stargazers_count;
  });
  expectTypeOf(stars.output).toEqualTypeOf<number>();
  // @ts-expect-error no such object
  expect(githubColumns.isues).toBeUndefined();
});
