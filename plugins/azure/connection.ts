/** The connection type `wasb`, in Airflow's fields. */
import { connectionType } from "dagsmith";
import { z } from "zod";
import type { AzureConfig } from "./config.ts";

const fields = z.object({
  login: z.string().optional().meta({
    title: "Account, or client id",
    description: "The name of the storage account; with tenant_id, the id of the client.",
  }),
  password: z.string().optional().meta({
    title: "Access key, or client secret",
    description: "Without one, Azure's library finds the login: environment, machine.",
    writeOnly: true,
  }),
  host: z.string().optional().meta({
    title: "Account URL",
    description: "Or its host. Default: login.blob.core.windows.net.",
  }),
  connection_string: z.string().optional().meta({
    title: "Connection string",
    description: "In place of all other fields.",
    writeOnly: true,
  }),
  shared_access_key: z
    .string()
    .optional()
    .meta({ title: "Access key", description: "In place of the password.", writeOnly: true }),
  sas_token: z.string().optional().meta({ title: "Shared access signature", writeOnly: true }),
  tenant_id: z.string().optional().meta({
    title: "Tenant",
    description: "Of Entra ID: login and password are then those of a client.",
  }),
});

type Given = z.output<typeof fields>;

/** The connection type `wasb`: containers of Azure Blob Storage. */
export const azureConnection = connectionType({
  id: "wasb",
  aliases: ["azure_blob_storage"],
  title: "Azure Blob Storage",
  example: "wasb://myaccount:c2VjcmV0@",
  fields: fields.transform((given, { addIssue }): AzureConfig => {
    const config = configOf(given);
    if (typeof config !== "string") return config;
    addIssue(config);
    return { login: "default", url: "" };
  }),
  test: async (config, context) => {
    const { tryAzure } = await import("./try_azure.ts");
    return tryAzure(config, context);
  },
});

/** What a connection means, or why it means nothing. */
function configOf(given: Given): AzureConfig | string {
  const { connection_string: connectionString, sas_token: token, tenant_id: tenantId } = given;
  if (connectionString) return { login: "connectionString", connectionString };
  const url = urlOf(given);
  if (url === undefined) return NO_ACCOUNT;
  if (token) return { login: "sasToken", url, token: token.replace(/^\?/, "") };
  if (tenantId) return clientOf(given, url, tenantId);
  const key = given.shared_access_key ?? given.password;
  if (!key) return { login: "default", url };
  if (!isBase64(key)) return "the access key is not base64: copy it whole";
  const account = given.login ?? new URL(url).hostname.split(".")[0] ?? "";
  return { login: "sharedKey", url, account, key };
}

const NO_ACCOUNT =
  "names no account: set login to its name, or host to its URL, such as https://myaccount.blob.core.windows.net";

function clientOf({ login, password }: Given, url: string, tenantId: string) {
  if (!login || !password) return "a tenant needs a client id (login) and a secret (password)";
  return { login: "clientSecret" as const, url, tenantId, clientId: login, secret: password };
}

/** The login is the account only where it is no client. */
function urlOf({ host, login, tenant_id }: Given): string | undefined {
  const account = tenant_id ? undefined : login;
  const given = host ?? (account && `${account}.blob.core.windows.net`);
  if (!given) return undefined;
  const text = /^https?:\/\//.test(given) ? given : `https://${withDomain(given)}`;
  return URL.canParse(text) ? text.replace(/\/+$/, "") : undefined;
}

const withDomain = (host: string): string =>
  host.includes(".") ? host : `${host}.blob.core.windows.net`;

const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/]+={0,2}$/.test(text);
