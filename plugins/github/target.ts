/** What a client of GitHub gets from a connection. */

/** A GitHub App that is installed in an organisation. */
interface GithubApp {
  readonly appId: string;
  readonly privateKey: string;
  readonly installationId: number;
}

/**
 * The login of requests: a token, an app, the value of a basic Authorization header, or
 * none.
 */
export type GithubAuth =
  | { readonly token: string }
  | { readonly app: GithubApp }
  | { readonly basic: string }
  | undefined;

/** Where the API is, and how to log in to it. */
export interface GithubTarget {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly auth: GithubAuth;
}
