/**
 * Login at an OIDC provider: authorization code flow with PKCE, state and nonce. The
 * library checks the answer; this file keeps the login in between.
 */
import type { Configuration } from "openid-client";
import { once } from "../../../sdk/once.ts";
import { grantsOfClaim, type OidcRule } from "../../access/oidc_rules.ts";
import type { Grant } from "../../access/permissions.ts";
import { hashOfSecret, newSecret } from "../../access/token.ts";
import { createOidcLogin, type OidcLogin, takeOidcLogin } from "../../store/access/oidc_login.ts";
import type { Database } from "../../store/database/database.ts";
import { Refused } from "../http/refused.ts";
import { isLoopback } from "./loopback.ts";

export interface OidcOptions {
  /** The address of the provider, as in its discovery document. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  /** The claim that decides the roles. */
  readonly claim: string;
  readonly rules: readonly OidcRule[];
}

/** A user as the provider describes it. */
export interface OidcUser {
  readonly issuer: string;
  readonly subject: string;
  /** Names that the user may have here, the best first. */
  readonly names: readonly string[];
  readonly grants: readonly Grant[];
  /** Where the user wanted to go. */
  readonly next: string;
}

export class Oidc {
  readonly #options: OidcOptions;
  readonly #callback: string;
  readonly #discover = once(() => this.#ask());

  /** @param callback the address of this page that the provider answers to */
  constructor(options: OidcOptions, callback: string) {
    this.#options = options;
    this.#callback = callback;
  }

  /** The host of the provider, for the button. */
  get host(): string {
    return new URL(this.#options.issuer).host;
  }

  /**
   * Begins a login.
   * @returns the address of the provider, and a secret that binds the login to the
   *   browser
   */
  async begin(db: Database, next: string): Promise<{ readonly to: URL; readonly secret: string }> {
    const client = await import("openid-client");
    const verifier = client.randomPKCECodeVerifier();
    const login: OidcLogin = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier,
      next,
    };
    const to = client.buildAuthorizationUrl(await this.#discover(), {
      redirect_uri: this.#callback,
      scope: "openid profile email",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: login.state,
      nonce: login.nonce,
    });
    const secret = newSecret();
    await createOidcLogin(db, hashOfSecret(secret), login);
    return { to, secret };
  }

  /**
   * Ends a login with the answer of the provider.
   * @param search the query of the answer
   * @throws Refused 401 when the login is unknown or the answer is wrong
   */
  async end(db: Database, secret: string, search: string): Promise<OidcUser> {
    const login = await takeOidcLogin(db, hashOfSecret(secret));
    if (!login) throw new Refused(401, "This login took too long, or began in another browser.");
    const claims = await this.#claims(login, new URL(this.#callback + search));
    const { issuer, claim, rules } = this.#options;
    const names = [claims.preferred_username, claims.email].filter(
      (name) => typeof name === "string",
    );
    const grants = grantsOfClaim(rules, claims[claim]);
    return { issuer, subject: claims.sub, names, grants, next: login.next };
  }

  /**
   * The claims of the ID token, and those of the user info where the provider has more.
   */
  async #claims(
    { verifier, state, nonce }: OidcLogin,
    answer: URL,
  ): Promise<{ readonly sub: string; readonly [claim: string]: unknown }> {
    const client = await import("openid-client");
    const configuration = await this.#discover();
    const tokens = await client.authorizationCodeGrant(configuration, answer, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (!claims) throw new Refused(401, "The provider sent no ID token.");
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    const more = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
    return { ...more, ...claims };
  }

  /** What the provider says of itself. */
  async #ask(): Promise<Configuration> {
    const client = await import("openid-client");
    const { issuer, clientId, clientSecret } = this.#options;
    const url = new URL(issuer);
    const authentication = clientSecret === null ? client.None() : undefined;
    // Without TLS only on this machine, as tests have it.
    const isLocal = url.protocol === "http:" && isLoopback(url.hostname);
    return client.discovery(url, clientId, clientSecret ?? undefined, authentication, {
      execute: isLocal ? [client.allowInsecureRequests] : [],
    });
  }
}
