/** The fields of a connection of type `http`. */
import { z } from "zod";

const NO_HOST = "is neither a host name nor an http(s) URL";

const login = {
  login: z.string().optional().meta({ title: "Login", description: "Of basic authentication." }),
  password: z.string().optional().meta({ title: "Password", writeOnly: true }),
  token: z
    .string()
    .optional()
    .meta({ title: "Bearer token", description: "In place of a login.", writeOnly: true }),
  headers: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .meta({ title: "Headers", description: "Sent with every request.", writeOnly: true }),
};

/** Client credentials of OAuth 2. No name looks like a secret: the masker would hide it. */
const oauth = {
  login_url: z
    .string()
    .refine(
      (text) => /^https?:\/\//.test(text) && URL.canParse(text),
      "is not a URL that begins with http:// or https://",
    )
    .optional()
    .meta({
      title: "Token URL",
      description: "Login and password are then an id and a secret of OAuth 2 client credentials.",
      format: "uri",
    }),
  scope: z.string().optional().meta({ title: "Scope", description: "Of the token." }),
  audience: z.string().optional().meta({ title: "Audience", description: "Of the token." }),
  login_in_body: z.boolean().optional().meta({
    title: "Client secret in the body",
    description: "Of the request for a token. Default: in its header.",
  }),
};

const tls = {
  verify: z.string().optional().meta({
    title: "CA bundle",
    description: "The path of a PEM file on the worker, or its text. Default: those of Node.",
  }),
  cert: z.string().optional().meta({
    title: "Client certificate",
    description: "The path of a PEM file on the worker, or its text.",
  }),
  private_key: z.string().optional().meta({
    title: "Private key of the certificate",
    description: "The path of a PEM file on the worker, or its text.",
    writeOnly: true,
  }),
  private_key_passphrase: z
    .string()
    .optional()
    .meta({ title: "Passphrase of the private key", writeOnly: true }),
};

export const httpFields = z
  .object({
    host: z
      .string(NO_HOST)
      .refine((host) => URL.canParse(isUrl(host) ? host : `http://${host}`), NO_HOST)
      .meta({ title: "Host", description: "A name, or a whole URL." }),
    port: z.int().min(1).max(65_535).optional().meta({ title: "Port" }),
    schema: z
      .string()
      .optional()
      .meta({ title: "Path", description: "As in Airflow, http or https mean the protocol." }),
    ...login,
    ...oauth,
    ...tls,
  })
  .superRefine((given, { addIssue }) => {
    const isHalf = given.login === undefined || given.password === undefined;
    if (given.login_url && isHalf)
      addIssue("login_url needs the client's id (login) and its secret (password)");
    if ((given.cert === undefined) !== (given.private_key === undefined))
      addIssue("a client certificate needs both cert and private_key");
  });

export const isUrl = (text: string): boolean => /^https?:\/\//.test(text);
