/**
 * The rest of a simulated repository: its commits, comments and pull requests, in the
 * shape of GitHub's REST API. Pure.
 */
import { type GithubJson, issues, type organizations, user } from "./github_data.ts";

type Organization = (typeof organizations)[number];

const COMMITS = 12;

const sha = (seed: string, n: number): string =>
  Buffer.from(`${n}:${seed}`).toString("hex").padEnd(40, "0").slice(0, 40);

/**
 * Newest first, as GitHub lists them. The author of every fifth commit has no account.
 */
export function commits(root: string, org: Organization, repo: string): readonly GithubJson[] {
  return Array.from({ length: COMMITS }, (_, index) => {
    const number = COMMITS - index;
    const url = `${root}/repos/${org.login}/${repo}/commits/${sha(repo, number)}`;
    const login = org.memberLogins[number % org.memberLogins.length] ?? "ghost";
    const person = number % 5 === 0 ? null : user(root, login);
    const signature = {
      name: login,
      email: `${login}@example.com`,
      date: `2018-02-${String(number).padStart(2, "0")}T08:00:00Z`,
    };
    const parents = number === 1 ? [] : [{ sha: sha(repo, number - 1), url, html_url: url }];
    return {
      ...{
        sha: sha(repo, number),
        node_id: `C_${number}`,
        url,
        html_url: url,
        comments_url: `${url}/comments`,
      },
      ...{ author: person, committer: person, parents },
      commit: {
        author: signature,
        committer: signature,
        message: `Change ${number}\n\nWhy: it was "wrong".`,
        comment_count: 0,
        url,
      },
    };
  });
}

/** As many comments as each issue counts. */
export function issueComments(
  root: string,
  org: Organization,
  repo: string,
): readonly GithubJson[] {
  return issues(root, org, repo)
    .filter(({ comments }) => Number(comments) > 0)
    .map(({ id, url, user: author, created_at }) => ({
      ...{
        id: Number(id) + 1_000_000_000,
        node_id: `IC_${id}`,
        url: `${url}/comments/1`,
        html_url: `${url}#1`,
        issue_url: url,
      },
      ...{
        user: author,
        body: "Same here.\n\nThanks!",
        author_association: "NONE",
        created_at,
        updated_at: created_at,
      },
    }));
}

export function commitComments(
  root: string,
  org: Organization,
  repo: string,
): readonly GithubJson[] {
  return commits(root, org, repo)
    .slice(0, 2)
    .map(({ sha: commit, url, author }, index) => ({
      ...{
        id: 4_000_000_000 + index,
        node_id: `CC_${index}`,
        url: `${url}/comments/1`,
        html_url: `${url}#1`,
        commit_id: commit,
      },
      ...{
        user: author,
        body: "Nice",
        path: null,
        position: null,
        line: null,
        author_association: "MEMBER",
      },
      ...{ created_at: "2018-03-01T00:00:00Z", updated_at: "2018-03-01T00:00:00Z" },
    }));
}

/** The issues that are pull requests, in the shape of pull requests. */
export function pullRequests(root: string, org: Organization, repo: string): readonly GithubJson[] {
  return issues(root, org, repo)
    .filter((issue) => "pull_request" in issue)
    .map((issue) => {
      const {
        number,
        pull_request: pull,
        repository_url,
        labels_url: _,
        events_url: __,
        timeline_url: ___,
        comments: ____,
        ...shared
      } = issue;
      const { url, html_url, merged_at } = pull as Readonly<Record<string, string | null>>;
      const side = (label: string): GithubJson => ({
        label: `${org.login}:${label}`,
        ref: label,
        sha: sha(repo, Number(number)),
      });
      return {
        ...{
          ...shared,
          number,
          url,
          html_url,
          merged_at,
          id: Number(shared.id) + 500_000_000,
          issue_url: issue.url,
        },
        ...{
          diff_url: `${html_url}.diff`,
          patch_url: `${html_url}.patch`,
          commits_url: `${url}/commits`,
          statuses_url: `${repository_url}/statuses`,
        },
        ...{
          review_comments_url: `${url}/comments`,
          head: side(`change-${number}`),
          base: side("master"),
          merge_commit_sha: null,
        },
        _links: { self: { href: url }, html: { href: html_url }, issue: { href: issue.url } },
      };
    });
}
