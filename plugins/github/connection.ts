/**
 * The connection type `github`: the address and the login. In a file of its own because
 * no message may show a token.
 */
import { createPrivateKey } from "node:crypto";
import { connectionType } from "dagsmith";
import { z } from "zod";
import type { GithubAuth, GithubTarget } from "./target.ts";

const DEFAULT_BASE_URL = "https://api.github.com";
const NO_HOST = "is neither a host name nor an http(s) URL";

const fields = z.object({
  password: z.string().optional().meta({
    title: "Token",
    description: "With a login: the password of basic authentication.",
    writeOnly: true,
  }),
  login: z.string().optional().meta({ title: "Login" }),
  token: z
    .string()
    .optional()
    .meta({ title: "Token in extra", description: "Before all other logins.", writeOnly: true }),
  app_id: z.string().optional().meta({ title: "Id of a GitHub App" }),
  installation_id: z.string().optional().meta({ title: "Id of the installation" }),
  private_key: z
    .string()
    .optional()
    .meta({
      ...{ title: "Private key of the App", description: "PEM text, here or as password." },
      ...{ format: "multiline", writeOnly: true },
    }),
  host: z
    .string()
    .refine((host) => URL.canParse(isUrl(host) ? host : `https://${host}`), NO_HOST)
    .optional()
    .meta({
      title: "Host",
      description: "Of GitHub Enterprise Server: the whole root of the API.",
      examples: ["https://github.example.com/api/v3"],
    }),
  port: z.int().min(1).max(65_535).optional().meta({ title: "Port" }),
  base_url: z
    .string()
    .refine((url) => URL.canParse(isUrl(url) ? url : `https://${url}`), NO_HOST)
    .optional()
    .meta({ title: "Root of the API", description: "In place of the host." }),
  protocol: z
    .enum(["https", "http"], "is neither https nor http")
    .default("https")
    .meta({ title: "Protocol" }),
  key_path: z.string().optional().meta({
    title: "File of the private key",
    description: "Airflow's field. Files are not read: write the key itself.",
  }),
});
type Fields = z.output<typeof fields>;

/** The connection type `github`. */
export const githubConnection = connectionType({
  id: "github",
  title: "GitHub",
  description: "A token, a login with its password, or a GitHub App.",
  example: "github://:ghp_secret@",
  fields: fields.transform((given, { addIssue }): GithubTarget => {
    const auth = authOf(given);
    if (typeof auth === "string") addIssue({ code: "custom", message: auth, input: undefined });
    return { baseUrl: baseUrl(given), auth: typeof auth === "string" ? undefined : auth };
  }),
  test: async (target, context) => {
    const { openGithub } = await import("./client.ts");
    const github = await openGithub(target, context);
    const { data } = await github.request("GET /rate_limit", { request: { retries: 0 } });
    return `${new URL(target.baseUrl).host}, ${data.rate.remaining} of ${data.rate.limit} requests left`;
  },
});

/**
 * `extra.base_url`, else `host` (a URL or a host name, with `port` and `extra.protocol`),
 * else GitHub itself.
 */
function baseUrl({ base_url, host, port, protocol }: Fields): string {
  const text = base_url ?? host;
  if (text === undefined) return DEFAULT_BASE_URL;
  const url = new URL(isUrl(text) ? text : `${protocol}://${text}`);
  if (port !== undefined && url.port === "") url.port = String(port);
  // A login in the URL would appear in log lines and errors; it belongs into the
  // connection's own fields.
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/**
 * `extra.token` before a GitHub App before `password`; a password with a login is basic
 * authentication. An app has `extra.app_id`, `extra.installation_id`, and its private key
 * as PEM text in `extra.private_key` or `password`.
 * @returns a text says what is wrong
 */
function authOf(given: Fields): GithubAuth | string {
  const { token, login, password, app_id, installation_id, private_key, key_path } = given;
  if (token !== undefined) return { token };
  if (app_id ?? installation_id ?? private_key ?? key_path) return appOf(given);
  if (password === undefined) return undefined;
  return login === undefined
    ? { token: password }
    : { basic: `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}` };
}

function appOf({ app_id, installation_id = "", private_key, password }: Fields) {
  const privateKey = (private_key ?? password ?? "").replaceAll("\\n", "\n");
  if (!app_id || !/^\d+$/.test(installation_id) || !privateKey.includes("-----BEGIN "))
    return HALF_AN_APP;
  if (!isRsaKey(privateKey)) return NO_RSA_KEY;
  return { app: { appId: app_id, privateKey, installationId: Number(installation_id) } };
}

const HALF_AN_APP =
  "a GitHub App needs extra.app_id, extra.installation_id (a number) and its private key as PEM text in extra.private_key or password";
const NO_RSA_KEY =
  "the private key of the GitHub App is not a whole RSA key; write the text of the .pem file that GitHub gave, from its first line to its last";

/** Octokit's own errors about a broken key name neither the key nor the connection. */
function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}

function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}
